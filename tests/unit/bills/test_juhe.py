"""The issuer's settlement file: what its lines and its total say, and the place of the first thing wrong."""

import pytest
from unit.bills.samples import DAY, JUHE_COLUMNS, JUHE_RECHARGE, Cells, juhe

from octane.issuers.juhe import bill_file
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
WHOLE = juhe(JUHE_RECHARGE, JUHE_RECHARGE)


def refusal_of(content: bytes) -> tuple[str, int, int]:
    with pytest.raises(BillUnreadableError) as refusal:
        list(bill_file.parse(content, DAY).lines)
    return refusal.value.code, refusal.value.line, refusal.value.column


def test_lines_and_total() -> None:
    bill = bill_file.parse(juhe(JUHE_RECHARGE), DAY)
    assert list(bill.lines) == [
        StatementLine(
            *(LineKind.RECHARGE, "OABCDEFGHIJKLMNOPQRSTUVWXYR01", "S2026111810552300000001", 10_000, 50),
            *("CNY", LineStatus.SUCCEEDED, "*4567", "", AT, 2),
        )
    ]
    assert bill.stated == (StatedTotal(LineKind.RECHARGE, 2, 20_000),)


def test_columns_in_any_order_and_lines_in_either_way() -> None:
    turned = juhe(JUHE_RECHARGE, JUHE_RECHARGE, columns=tuple(reversed(JUHE_COLUMNS)), end="\n")
    assert list(bill_file.parse(turned, DAY).lines) == list(bill_file.parse(WHOLE, DAY).lines)


@pytest.mark.parametrize(
    ("word", "status"),
    [("0", LineStatus.PROCESSING), ("1", LineStatus.SUCCEEDED), ("9", LineStatus.FAILED)],
)
def test_states(word: str, status: LineStatus) -> None:
    [line] = bill_file.parse(juhe(JUHE_RECHARGE | {"state": word}), DAY).lines
    assert line.status is status


def test_a_day_without_rows() -> None:
    bill = bill_file.parse(juhe(total="#total,0,0.00"), DAY)
    assert (list(bill.lines), bill.stated[0].count) == ([], 0)


@pytest.mark.parametrize(
    ("change", "code", "column"),
    [
        ({"orderid": ""}, "NUMBER", 1),
        ({"sporder_id": "a b"}, "NUMBER", 2),
        ({"game_userid": "1000111100001234567"}, "NUMBER", 3),
        ({"game_userid": "*456"}, "NUMBER", 3),
        ({"ordercash": "1e2"}, "AMOUNT", 5),
        ({"ordercash": "-100.00"}, "AMOUNT", 5),
        ({"fee": ""}, "AMOUNT", 6),
        ({"state": "2"}, "STATUS", 7),
        ({"finished_at": "2026-11-18T10:55:23"}, "MOMENT", 8),
        ({"finished_at": "2026-11-28 10:55:23"}, "FOREIGN", 8),
        ({"finished_at": "2026-11-18 10:55:23,"}, "CELL_COUNT", 9),
    ],
)
def test_a_row_with_one_thing_wrong(change: Cells, code: str, column: int) -> None:
    assert refusal_of(juhe(JUHE_RECHARGE, JUHE_RECHARGE | change)) == (code, 3, column)


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", ("TRUNCATED", 0, 0)),
        (juhe(JUHE_RECHARGE, total=""), ("TRUNCATED", 2, 1)),
        (juhe(JUHE_RECHARGE, total="#total,1"), ("SUMMARY", 3, 1)),
        (juhe(JUHE_RECHARGE, total="#totals,1,1.00"), ("SUMMARY", 3, 1)),
        (juhe(JUHE_RECHARGE, total="#total,x,1.00"), ("SUMMARY", 3, 2)),
        (juhe(JUHE_RECHARGE, total="#total,1,1.001"), ("SUMMARY", 3, 3)),
        (juhe(JUHE_RECHARGE, total="#total,1,1.00\n\n#total,1,1.00"), ("CELL_COUNT", 3, 4)),
        (juhe(JUHE_RECHARGE, columns=JUHE_COLUMNS[1:]), ("COLUMNS", 1, 8)),
        (WHOLE.replace(b"2026-11-18 ", b"2026-11-17 "), ("FOREIGN", 3, 1)),
    ],
)
def test_a_file_with_one_thing_wrong(content: bytes, refusal: tuple[str, int, int]) -> None:
    assert refusal_of(content) == refusal
