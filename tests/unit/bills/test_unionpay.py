"""UnionPay's clearing file: rows exactly as settled, and no file may unfold without end."""

import base64
import zlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.bills.samples import (
    DAY,
    MER_ID,
    UNIONPAY_PAYMENT,
    UNIONPAY_REFUND,
    WIDTHS,
    Cells,
    clearing,
    opener,
    record,
    unionpay,
    zipped,
)

from octane.channels.unionpay import bill_file
from octane.channels.unionpay.bill_file import RECORD_BYTES, read_zm
from octane.kernel.clock import Instant
from octane.kernel.statement import BillUnreadableError, LineKind, LineStatus, StatementLine

AT = Instant(1_795_000_020_000)
"""2026-11-18 19:07 in Beijing."""
MEMBER = f"INN26111888ZM_{MER_ID}"
PAYMENT, REFUND, DONE = LineKind.PAYMENT, LineKind.REFUND, LineStatus.SUCCEEDED


def one(cells: Cells, day: date = DAY) -> StatementLine:
    [line] = read_zm(opener(unionpay(cells)), day)
    return line


def refusal_of(content: bytes) -> tuple[str, int, int]:
    with pytest.raises(BillUnreadableError) as refusal:
        list(read_zm(opener(content), DAY))
    return refusal.value.code, refusal.value.line, refusal.value.column


def packed_refusal_of(content: bytes, day: date = DAY, mer_id: str = MER_ID) -> str:
    with pytest.raises(BillUnreadableError) as refusal:
        list(bill_file.parse(content, day, mer_id).lines)
    return refusal.value.code


def test_lines() -> None:
    assert list(read_zm(opener(unionpay(UNIONPAY_PAYMENT, UNIONPAY_REFUND)), DAY)) == [
        StatementLine(
            *(PAYMENT, "OABCDEFGHIJKLMNOPQRSTUVWXYP03", "442611181906407846498", 10_000, 60, "CNY"),
            *(DONE, "", MER_ID, AT, 1),
        ),
        StatementLine(
            *(REFUND, "OABCDEFGHIJKLMNOPQRSTUVWXYF03", "052401051658427862748", 2_500, 0, "CNY"),
            *(DONE, "", MER_ID, AT, 2),
        ),
    ]


def test_a_void_gives_money_back() -> None:
    assert one(UNIONPAY_REFUND | {"c0": "S31"}).kind is REFUND


@pytest.mark.parametrize(
    ("text", "fee"), [("", 0), ("0" * 13, 0), ("C000000000060", -60), ("D000000000060", 60)]
)
def test_fees_go_from_us_or_come_back(text: str, fee: int) -> None:
    assert one(UNIONPAY_PAYMENT | {"c15": text}).fee == fee


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_records_stand_on_lines_of_either_kind(end: bytes) -> None:
    content = unionpay(UNIONPAY_PAYMENT, UNIONPAY_REFUND, end=end)
    assert len(list(read_zm(opener(content + b"\x1a"), DAY))) == 2
    assert len(list(read_zm(opener(content.removesuffix(end)), DAY))) == 2
    assert list(read_zm(opener(b""), DAY)) == []


def test_new_years_eve_settles_in_january() -> None:
    assert one(UNIONPAY_PAYMENT | {"c4": "1231235900"}, date(2027, 1, 1)).settled_at == 1_798_732_740_000
    assert one(UNIONPAY_PAYMENT | {"c4": "0101000000"}, date(2027, 1, 1)).settled_at == 1_798_732_800_000


@given(st.integers(0, 999_999_999_999))
def test_amounts_are_exact(fen: int) -> None:
    line = one(UNIONPAY_PAYMENT | {"c6": f"{fen:012d}", "c15": f"D{fen:012d}"})
    assert (line.amount, line.fee) == (fen, fen)


@pytest.mark.parametrize(
    ("change", "code", "column"),
    [
        ({"c0": "S99"}, "KIND", 1),
        ({"c0": ""}, "KIND", 1),
        ({"c4": "1332000000"}, "MOMENT", 5),
        ({"c4": "111819070"}, "MOMENT", 5),
        ({"c4": "1110190700"}, "FOREIGN", 5),
        ({"c6": "00000001.000"}, "AMOUNT", 7),
        ({"c6": "-00000000001"}, "AMOUNT", 7),
        ({"c6": "00000001000"}, "AMOUNT", 7),
        ({"c6": ""}, "AMOUNT", 7),
        ({"c9": ""}, "NUMBER", 10),
        ({"c11": "加油"}, "NUMBER", 12),
        ({"c15": "E000000000060"}, "AMOUNT", 16),
        ({"c15": "0000000000060"}, "AMOUNT", 16),
        ({"c27": ""}, "NUMBER", 28),
    ],
)
def test_a_record_with_one_thing_wrong(change: Cells, code: str, column: int) -> None:
    assert refusal_of(unionpay(UNIONPAY_REFUND, UNIONPAY_PAYMENT | change)) == (code, 2, column)


LINE = record(UNIONPAY_PAYMENT)


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        (LINE[:-1], "CELL_COUNT", 42),
        (LINE[:30], "CELL_COUNT", 4),
        (LINE + b" ", "CELL_COUNT", 42),
        (LINE.decode("gbk").encode(), "CELL_COUNT", 42),
        (LINE.replace(b"S22 ", b"S22x"), "CELL_COUNT", 1),
        (LINE.replace("加".encode("gbk"), b"\xff\xff"), "ENCODING", 31),
        (b" " * RECORD_BYTES, "KIND", 1),
        (b"\n" + LINE, "CELL_COUNT", 1),
        (b"\x1a\n" + LINE, "CELL_COUNT", 1),
    ],
)
def test_a_line_that_is_no_record(line: bytes, code: str, column: int) -> None:
    assert refusal_of(LINE + b"\n" + line) == (code, 2, column)


def test_the_layout_is_the_published_one() -> None:
    assert bill_file.LENGTHS == WIDTHS
    assert RECORD_BYTES == 607


def test_the_members_of_a_day_are_read_one_after_the_other() -> None:
    rows = unionpay(UNIONPAY_PAYMENT, UNIONPAY_REFUND)
    again = unionpay(UNIONPAY_PAYMENT | {"c11": "OABCDEFGHIJKLMNOPQRSTUVWXYP04"})
    content = clearing({MEMBER: rows, "readme.txt": b"not ours", f"INN26111889ZM_{MER_ID}.txt": again})
    bill = bill_file.parse(content, DAY, MER_ID)
    assert [line.line for line in bill.lines] == [1, 2, 3]
    assert bill.stated == ()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        (f"INN26111988ZM_{MER_ID}", "FOREIGN"),
        ("INN26111888ZM_777290000000000", "FOREIGN"),
        (f"INN26111888ZME_{MER_ID}", "NOT_AN_ARCHIVE"),
        ("other", "NOT_AN_ARCHIVE"),
    ],
)
def test_a_file_of_another_day_merchant_or_kind(name: str, code: str) -> None:
    assert packed_refusal_of(clearing({name: LINE})) == code


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "TRUNCATED"),
        (b"<html></html>", "NOT_AN_ARCHIVE"),
        (base64.b64encode(b"not deflated"), "NOT_AN_ARCHIVE"),
        (base64.b64encode(zlib.compress(b"not a zip")), "NOT_AN_ARCHIVE"),
        (base64.b64encode(zlib.compress(zipped({MEMBER: LINE}))[:-7]), "TRUNCATED"),
        (clearing({MEMBER: LINE})[:-1], "TRUNCATED"),
        (clearing({}), "NOT_AN_ARCHIVE"),
        (clearing({f"m{number}": b"" for number in range(33)}), "TOO_LARGE"),
    ],
)
def test_content_that_is_no_file(content: bytes, code: str) -> None:
    assert packed_refusal_of(content) == code


def test_a_file_may_not_unfold_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    assert packed_refusal_of(clearing({MEMBER: b" " * 2_000_000})) == "TOO_LARGE"
    monkeypatch.setattr(bill_file, "MOST_ZIP", 1_000_000)
    assert packed_refusal_of(base64.b64encode(zlib.compress(b"\0" * 2_000_000))) == "TOO_LARGE"
    monkeypatch.setattr(bill_file, "MOST_BASE64", 10)
    assert packed_refusal_of(clearing({MEMBER: LINE})) == "TOO_LARGE"
