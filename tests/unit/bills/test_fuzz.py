"""Ten thousand damaged bills: each is refused with its place, or read exactly as it now is (RC1).

A digest or a signature guards whole files on their way; what is damaged here is what lies beneath it, so that
a fault of the counterparty's own writing is found as well.
"""

import gzip
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unit.bills import naive, samples
from unit.bills.samples import DAY, MER_ID, SELLER

from octane.channels.alipay import bill_file as alipay_file
from octane.channels.unionpay import bill_file as unionpay_file
from octane.channels.wechat_pay import bill_file as wechat_file
from octane.kernel.statement import BillUnreadableError, StatementLine

CODES = {
    *("TRUNCATED", "ENCODING", "COLUMNS", "CELL_COUNT", "AMOUNT", "MOMENT", "NUMBER", "KIND", "STATUS"),
    *("CURRENCY", "SUMMARY", "TOO_LARGE", "FOREIGN"),
}
HOT = b'`,\r\n#. -0195\t"SR\xff\x80\x1a'
NASTY = (
    *(
        "",
        "0",
        "-1.00",
        "1e3",
        "1.005",
        "0.010",
        "１.00",
        "NaN",
        "1,000.00",
        "`",
        ",`",
        '"1.00"',
        "\t",
        " 1.00",
    ),
    *(
        "2026-02-30 10:00:00",
        "2026-11-19 00:00:00",
        "S31",
        "REFUND",
        "SUCCESS",
        "退款",
        "交易",
        "x" * 40,
        "\0",
    ),
    *("9" * 30, "9999999999999.99", "#total,1,1", "USD", "FAIL", "9", "+5", "1_0", "0.1.0", "00000000000１"),
)
REPEATABLE = settings(deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
"""The same files each time: chance finds what it finds with more of them, on a day set apart for it."""
Change = tuple[str, int, int]
Reading = Callable[[bytes], Iterator[StatementLine]]
LineChange = Callable[["Format", list[bytes], int, int], list[bytes]]
ByteChange = Callable[["Format", bytes, int, int], bytes]


class Format(NamedTuple):
    content: bytes
    read: Reading
    plainly: Reading
    separator: bytes
    encoding: str


def _twice(cells: samples.Cells, *names: str) -> list[samples.Cells]:
    """The row, and the same with other numbers."""
    return [cells, {**cells, **{name: cells[name][:-5] + "7" + cells[name][-4:] for name in names}}]


WECHAT = Format(
    samples.wechat(
        *_twice(samples.WECHAT_PAYMENT, "微信订单号", "商户订单号"),
        *_twice(samples.WECHAT_REFUND, "微信退款单号", "商户退款单号"),
    ),
    samples.wechat_lines,
    naive.wechat,
    b",`",
    "utf-8",
)
ALIPAY = Format(
    samples.alipay(
        *_twice(samples.ALIPAY_PAYMENT, "支付宝交易号", "商户订单号"),
        *_twice(samples.ALIPAY_REFUND, "退款批次号/请求号"),
    ),
    samples.alipay_lines,
    naive.alipay,
    b",",
    "gbk",
)
UNIONPAY = Format(
    samples.unionpay(
        *_twice(samples.UNIONPAY_PAYMENT, "c9", "c11"), *_twice(samples.UNIONPAY_REFUND, "c9", "c11")
    ),
    samples.unionpay_lines,
    naive.unionpay,
    b" ",
    "gbk",
)
JUHE = Format(
    samples.juhe(*_twice(samples.JUHE_RECHARGE, "orderid", "sporder_id")),
    samples.juhe_lines,
    naive.juhe,
    b",",
    "utf-8",
)


def changed(form: Format, content: bytes, change: Change) -> bytes:
    """Damage a file in one way, at a place and with a value that are taken modulo what there is."""
    what, where, value = change
    if what in LINEWISE:
        lines = content.split(b"\n")
        return b"\n".join(LINEWISE[what](form, lines, where % len(lines), value))
    return BYTEWISE[what](form, content, where % (len(content) + 1), value)


def _cells(edit: Callable[[list[bytes], int, int, Format], None]) -> LineChange:
    def change(form: Format, lines: list[bytes], at: int, value: int) -> list[bytes]:
        cells = lines[at].split(form.separator)
        edit(cells, value % len(cells), value, form)
        return [*lines[:at], form.separator.join(cells), *lines[at + 1 :]]

    return change


def _nasty(cells: list[bytes], place: int, value: int, form: Format) -> None:
    cells[place] = NASTY[value % len(NASTY)].encode(form.encoding)


def _exchange(cells: list[bytes], place: int, value: int, form: Format) -> None:
    other = value // 64 % len(cells)
    cells[place], cells[other] = cells[other], cells[place]


def _swap(form: Format, lines: list[bytes], at: int, value: int) -> list[bytes]:
    other = value % len(lines)
    lines[at], lines[other] = lines[other], lines[at]
    return lines


def _over(content: bytes, at: int, text: bytes) -> bytes:
    return content[:at] + text + content[at + len(text) :]


LINEWISE: Mapping[str, LineChange] = {
    "lose": lambda form, lines, at, value: lines[:at] + lines[at + 1 :],
    "double": lambda form, lines, at, value: lines[: value % len(lines)] + lines[at:],
    "insert": lambda form, lines, at, value: [*lines[:at], lines[value % len(lines)], *lines[at:]],
    "swap": _swap,
    "cell": _cells(_nasty),
    "exchange": _cells(_exchange),
}
BYTEWISE: Mapping[str, ByteChange] = {
    "byte": lambda form, content, at, value: _over(content, at, bytes([value % 256])),
    "hot": lambda form, content, at, value: _over(content, at, HOT[value % len(HOT) :][:1]),
    "more": lambda form, content, at, value: content[:at] + HOT[value % len(HOT) :][:1] + content[at:],
    "less": lambda form, content, at, value: content[:at] + content[at + 1 + value % 3 :],
    "cut": lambda form, content, at, value: content[:at],
    "span": lambda form, content, at, value: content[:at] + content[max(0, at - value % 40) :],
    "text": lambda form, content, at, value: _over(
        content, at, NASTY[value % len(NASTY)].encode(form.encoding)
    ),
    "ends": lambda form, content, at, value: content.replace(b"\r\n", b"\n"),
    "recode": lambda form, content, at, value: content.decode(form.encoding, "replace").encode(
        ("utf-8", "gbk", "utf-16")[value % 3], "replace"
    ),
}
CHANGES = st.lists(
    st.tuples(
        st.sampled_from((*LINEWISE, *BYTEWISE, "cell", "hot", "byte")),
        st.integers(0, 1 << 16),
        st.integers(0, 1 << 16),
    ),
    min_size=1,
    max_size=3,
)


@pytest.mark.parametrize(
    ("form", "files"),
    [(WECHAT, 3_500), (ALIPAY, 3_500), (UNIONPAY, 2_500), (JUHE, 1_500)],
    ids=("WECHAT", "ALIPAY", "UNIONPAY", "JUHE"),
)
def test_a_damaged_bill_is_refused_with_its_place_or_read_exactly(form: Format, files: int) -> None:
    outcomes: Counter[str] = Counter()

    @settings(REPEATABLE, max_examples=files)
    @given(CHANGES)
    def damage(changes: list[Change]) -> None:
        content = form.content
        for change in changes:
            content = changed(form, content, change)
        if content == form.content:
            outcomes["unchanged"] += 1
            return
        try:
            found = list(form.read(content))
        except BillUnreadableError as error:
            outcomes[error.code] += 1
            assert error.code in CODES
            if content:
                assert error.line >= 1
                assert error.column >= 1
                assert error.line <= content.count(b"\n") + 1
        else:
            outcomes["read"] += 1
            assert found == list(form.plainly(content))

    damage()
    assert outcomes.total() - outcomes["unchanged"] >= files * 10 / 11
    assert outcomes["read"] >= files // 20, outcomes
    assert len(outcomes) >= 8, outcomes


PACKED = {
    "WECHAT": (gzip.compress(WECHAT.content, mtime=0), lambda packed: wechat_file.parse(packed, DAY).lines),
    "ALIPAY": (
        samples.zipped({"1_业务明细.csv": ALIPAY.content, "1_业务明细(汇总).csv": b"x"}),
        lambda packed: alipay_file.parse(packed, DAY, SELLER).lines,
    ),
    "UNIONPAY": (
        samples.clearing({f"INN26111888ZM_{MER_ID}": UNIONPAY.content}),
        lambda packed: unionpay_file.parse(packed, DAY, MER_ID).lines,
    ),
}


@pytest.mark.parametrize("source", PACKED)
def test_a_damaged_archive_is_refused_or_the_same(source: str) -> None:
    packed, read = PACKED[source]
    whole = list(read(packed))
    assert len(whole) == 4
    outcomes: Counter[str] = Counter()

    @settings(REPEATABLE, max_examples=400)
    @given(at=st.integers(0, len(packed) - 1), value=st.integers(0, 255), cut=st.integers(0, 60))
    def damage(at: int, value: int, cut: int) -> None:
        damaged = bytearray(packed)
        damaged[at] = value
        try:
            found = list(read(bytes(damaged[: len(damaged) - max(0, cut - 30)])))
        except BillUnreadableError as error:
            outcomes[error.code] += 1
        else:
            outcomes["read"] += 1
            assert found == whole

    damage()
    assert outcomes["NOT_AN_ARCHIVE"], outcomes
