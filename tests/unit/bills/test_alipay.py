"""Alipay's trade bill: what its lines and totals say, whose it is, and the place of the first thing wrong."""

from datetime import date

import pytest
from unit.bills.samples import (
    ALIPAY_COLUMNS,
    ALIPAY_HEAD,
    ALIPAY_PAYMENT,
    ALIPAY_REFUND,
    ALIPAY_TAIL,
    DAY,
    SELLER,
    Cells,
    alipay,
    opener,
    zipped,
)

from octane.channels.alipay import bill_file
from octane.kernel.clock import Instant
from octane.kernel.statement import (
    BillUnreadableError,
    LineKind,
    LineStatus,
    StatedTotal,
    StatementLine,
)

AT = Instant(1_794_970_523_000)
"""2026-11-18 10:55:23 in Beijing."""
PAYMENT, REFUND, DONE = LineKind.PAYMENT, LineKind.REFUND, LineStatus.SUCCEEDED
WHOLE = alipay(ALIPAY_PAYMENT, ALIPAY_REFUND)


def refusal_of(content: bytes, day: date = DAY, seller: str = SELLER) -> tuple[str, int, int]:
    with pytest.raises(BillUnreadableError) as refusal:
        list(bill_file.parse_details(opener(content), day, seller).lines)
    return refusal.value.code, refusal.value.line, refusal.value.column


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_and_totals(end: str) -> None:
    bill = bill_file.parse_details(opener(alipay(ALIPAY_PAYMENT, ALIPAY_REFUND, end=end)), DAY, SELLER)
    trade = "2026111822001458860515315453"
    assert list(bill.lines) == [
        StatementLine(
            PAYMENT, "OABCDEFGHIJKLMNOPQRSTUVWXYP02", trade, 1_000, 6, "CNY", DONE, "", SELLER, AT, 6
        ),
        StatementLine(
            *(REFUND, "OABCDEFGHIJKLMNOPQRSTUVWXYF02", f"{trade}/OABCDEFGHIJKLMNOPQRSTUVWXYF02", 400, 0),
            *("CNY", DONE, "", SELLER, Instant(AT + 85_000), 7),
        ),
    ]
    assert bill.stated == (StatedTotal(PAYMENT, 1, 1_000), StatedTotal(REFUND, 1, 400))


def test_a_fee_that_comes_back_is_negative() -> None:
    content = alipay(ALIPAY_REFUND | {"服务费（元）": "0.02"})
    [line] = bill_file.parse_details(opener(content), DAY, SELLER).lines
    assert line.fee == -2


def test_columns_are_found_by_their_names() -> None:
    turned = alipay(ALIPAY_PAYMENT, ALIPAY_REFUND, columns=tuple(reversed(ALIPAY_COLUMNS)))
    plain, other = (bill_file.parse_details(opener(content), DAY, SELLER) for content in (WHOLE, turned))
    assert list(plain.lines) == list(other.lines)


def test_an_empty_day_has_totals_that_are_the_callers_to_judge() -> None:
    bill = bill_file.parse_details(opener(alipay()), DAY, SELLER)
    assert list(bill.lines) == []
    assert bill.stated[0] == StatedTotal(PAYMENT, 1, 1_000)


@pytest.mark.parametrize(
    ("change", "code", "column"),
    [
        ({"业务类型": "转账"}, "KIND", 3),
        ({"商家实收（元）": "10.005"}, "AMOUNT", 13),
        ({"商家实收（元）": "-10.00"}, "AMOUNT", 13),
        ({"商家实收（元）": ""}, "AMOUNT", 13),
        ({"服务费（元）": "９"}, "AMOUNT", 23),
        ({"完成时间": "2026-11-18"}, "MOMENT", 6),
        ({"完成时间": "2026-11-10 10:00:00"}, "FOREIGN", 6),
        ({"支付宝交易号": "\t"}, "NUMBER", 1),
        ({"商户订单号": "a b"}, "NUMBER", 2),
        ({"退款批次号/请求号": "R1"}, "NUMBER", 22),
        ({"备注": "a,b"}, "CELL_COUNT", 26),
    ],
)
def test_a_payment_with_one_thing_wrong(change: Cells, code: str, column: int) -> None:
    assert refusal_of(alipay(ALIPAY_REFUND, ALIPAY_PAYMENT | change)) == (code, 7, column)


@pytest.mark.parametrize(
    ("change", "code", "column"),
    [({"退款批次号/请求号": "\t"}, "NUMBER", 22), ({"商家实收（元）": "4.00"}, "AMOUNT", 13)],
)
def test_a_refund_with_one_thing_wrong(change: Cells, code: str, column: int) -> None:
    assert refusal_of(alipay(ALIPAY_PAYMENT, ALIPAY_REFUND | change)) == (code, 7, column)


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", ("COLUMNS", 1, 1)),
        (WHOLE.decode("gbk").encode(), ("ENCODING", 1, 1)),
        (WHOLE.replace("下单测试".encode("gbk"), b"\xff" * 8, 1), ("ENCODING", 6, 4)),
        (alipay(ALIPAY_PAYMENT, head=()), ("COLUMNS", 1, 1)),
        (alipay(ALIPAY_PAYMENT, head=ALIPAY_HEAD[:1] + ALIPAY_HEAD[2:]), ("FOREIGN", 3, 1)),
        (alipay(ALIPAY_PAYMENT, head=ALIPAY_HEAD[:2] + ALIPAY_HEAD[3:]), ("FOREIGN", 3, 1)),
        (alipay(ALIPAY_PAYMENT, columns=ALIPAY_COLUMNS[1:]), ("COLUMNS", 5, 25)),
        (alipay(ALIPAY_PAYMENT, tail=()), ("TRUNCATED", 6, 1)),
        (alipay(ALIPAY_PAYMENT, tail=ALIPAY_TAIL[1:]), ("TRUNCATED", 9, 1)),
        (alipay(ALIPAY_PAYMENT, tail=ALIPAY_TAIL[:1]), ("SUMMARY", 7, 1)),
        (alipay(ALIPAY_PAYMENT, tail=ALIPAY_TAIL[:2]), ("SUMMARY", 8, 1)),
        (alipay(ALIPAY_PAYMENT, tail=(*ALIPAY_TAIL[:3], ALIPAY_TAIL[2])), ("SUMMARY", 10, 1)),
        (alipay(ALIPAY_PAYMENT, tail=(*ALIPAY_TAIL, "a row")), ("SUMMARY", 11, 1)),
        (WHOLE.replace("共10.00元".encode("gbk"), "共1O.00元".encode("gbk")), ("SUMMARY", 9, 1)),
        (WHOLE.replace(b"\n2026", b"\n#2026", 1), ("NUMBER", 6, 1)),
        (WHOLE.replace(b"\n2026", b"\n\n2026", 1), ("CELL_COUNT", 6, 2)),
    ],
)
def test_a_file_with_one_thing_wrong(content: bytes, refusal: tuple[str, int, int]) -> None:
    assert refusal_of(content) == refusal


def test_the_bill_of_another_day_or_account() -> None:
    assert refusal_of(WHOLE, day=date(2026, 11, 17)) == ("FOREIGN", 4, 1)
    assert refusal_of(WHOLE, seller="2088021109625634") == ("FOREIGN", 4, 1)


@pytest.mark.parametrize(
    "files",
    [
        {"1_业务明细.csv": WHOLE, "1_业务明细(汇总).csv": b"sum"},
        {"../../etc/1_业务明细.csv": WHOLE, "/etc/汇总": b""},
    ],
)
def test_the_details_are_found_by_their_name_and_it_is_no_path(files: dict[str, bytes]) -> None:
    bill = bill_file.parse(zipped(files), DAY, SELLER)
    assert len(list(bill.lines)) == 2


@pytest.mark.parametrize(
    ("archive", "code"),
    [
        (b"", "TRUNCATED"),
        (b"not a zip", "NOT_AN_ARCHIVE"),
        (zipped({}), "NOT_AN_ARCHIVE"),
        (zipped({"other.csv": WHOLE}), "NOT_AN_ARCHIVE"),
        (zipped({"a业务明细.csv": WHOLE, "b业务明细.csv": WHOLE}), "NOT_AN_ARCHIVE"),
        (zipped({f"{number}业务明细.csv": WHOLE for number in range(20)}), "TOO_LARGE"),
        (zipped({"业务明细.csv": WHOLE}, 12), "NOT_AN_ARCHIVE"),
        (zipped({"业务明细.csv": WHOLE}, 14), "NOT_AN_ARCHIVE"),
        (zipped({"业务明细.csv": WHOLE})[:-30], "NOT_AN_ARCHIVE"),
        (zipped({"业务明细.csv": WHOLE}).replace(b"PK\x03\x04", b"PK\x03\x05"), "NOT_AN_ARCHIVE"),
        (zipped({"业务明细.csv": WHOLE}, 0).replace(b",10.00,", b",20.00,"), "NOT_AN_ARCHIVE"),
    ],
)
def test_what_is_no_archive_of_a_bill(archive: bytes, code: str) -> None:
    with pytest.raises(BillUnreadableError) as refusal:
        list(bill_file.parse(archive, DAY, SELLER).lines)
    assert refusal.value.code == code


def test_a_line_without_end_is_not_unpacked() -> None:
    bomb = zipped({"业务明细.csv": alipay(ALIPAY_PAYMENT | {"备注": "0" * 10_000_000})})
    assert len(bomb) < 20_000
    with pytest.raises(BillUnreadableError, match="TOO_LARGE at line 6"):
        bill_file.parse(bomb, DAY, SELLER)
