"""Every discrepancy of rows, by name: what it does, to whose bills, and what has to be refused for it."""

from simulators.bills.plant import ALIPAY, CHANNELS, SETTLEMENTS, UNIONPAY, WECHAT, YUAN, RowPlant, all_of
from simulators.bills.row_edits import (
    Amount,
    Fee,
    Number,
    Said,
    all_dropped,
    all_foreign,
    amounts_swapped,
    cased,
    doubled,
    doubled_otherwise,
    dropped,
    failed,
    huge,
    moved,
    nobodys,
    not_yet,
    numbers_swapped,
    other_currency,
    other_merchant,
    other_party,
    other_reference,
    reference_twice,
    rest_dropped,
    shifted,
    shortened,
    shuffled,
    spaced,
    tripled,
    turned_round,
)
from simulators.bills.rows import Row, RowKind
from simulators.texts import stamp, yuan

WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
DAYS_MS = 86_400_000
TELLING = frozenset({WECHAT}) | SETTLEMENTS
"""Whose rows tell a status, and who paid or was recharged."""
BIG_FEN = 100_00


def is_payment(row: Row) -> bool:
    return row.kind is RowKind.PAYMENT


def is_refund(row: Row) -> bool:
    return row.kind is RowKind.REFUND


def is_taking(row: Row) -> bool:
    return not row.returns


def costs(row: Row) -> bool:
    return row.fee > 0


def other_amount(first: Row, second: Row) -> bool:
    return first.kind is second.kind and first.amount != second.amount


def other_row(first: Row, second: Row) -> bool:
    return first.kind is second.kind


def wide(row: Row) -> str:
    return f"{row.amount % 1_000:03d}".translate(WIDE)


def grouped(row: Row) -> str:
    return "1,234.00"


def far(row: Row) -> str:
    return stamp(row.at - 9 * DAYS_MS)


ROW_PLANTS: dict[str, RowPlant] = {
    "dropped_payment": RowPlant("a payment or recharge is left out", dropped, fits=is_taking),
    "dropped_refund": RowPlant("a refund is left out", dropped, CHANNELS, is_refund),
    "nothing_left": RowPlant("the bill has no row, though there were movements", all_dropped, whole=True),
    "cut_between_rows": RowPlant(
        "the last rows are left out where no summary tells it",
        rest_dropped,
        frozenset({UNIONPAY}),
        whole=True,
    ),
    "doubled_row": RowPlant("a row stands twice", doubled),
    "tripled_row": RowPlant("a row stands three times", tripled),
    "doubled_with_another_amount": RowPlant(
        "a number stands twice, once with 1 yuan more", doubled_otherwise
    ),
    "shifted_over_midnight": RowPlant(
        "a row of the last minutes stands in the next day's bill, dated after midnight", shifted, late=True
    ),
    "dropped_at_midnight": RowPlant("a row of the last minutes never comes", dropped, late=True),
    "moved_to_the_next_day": RowPlant("a row stands in the next day's bill, dated in its morning", moved),
    "one_fen_more": RowPlant("the amount is 1 fen more", Amount(plus=1)),
    "one_fen_less": RowPlant("the amount is 1 fen less", Amount(plus=-1), fits=lambda row: row.amount > 1),
    "a_hundred_times": RowPlant("yuan taken for fen", Amount(times=100)),
    "a_hundredth": RowPlant("fen taken for yuan", Amount(over=100), fits=lambda row: row.amount >= BIG_FEN),
    "huge_amount": RowPlant("the amount is 9,999,999,999.99 yuan", huge),
    "one_in_a_million": RowPlant("1 fen more in one row of very many", Amount(plus=1)),
    "fee_one_fen_more": RowPlant("the fee is 1 fen more", Fee(plus=1)),
    "fee_tenfold": RowPlant("the fee is ten times as much", Fee(times=10), CHANNELS, costs),
    "fee_waived": RowPlant("the fee is 0", Fee(times=0), CHANNELS, costs),
    "fee_on_a_refund": RowPlant("a refund costs a fee", Fee(plus=30), CHANNELS, is_refund),
    "fee_missing": RowPlant(
        "the cell of the fee is empty",
        Said("fee", lambda row: "", "fee"),
        fits=lambda row: costs(row) or row.kind is RowKind.RECHARGE,
        refused=all_of("AMOUNT", WECHAT, ALIPAY, *SETTLEMENTS),
    ),
    "refunded_twice": RowPlant("a refund again, under a second number", nobodys, CHANNELS, is_refund),
    "refunded_partly": RowPlant("half of a refund is given back", Amount(over=2), CHANNELS, is_refund),
    "refund_as_payment": RowPlant("a refund is told as a payment", turned_round, CHANNELS, is_refund),
    "payment_as_refund": RowPlant("a payment is told as a refund", turned_round, CHANNELS, is_payment),
    "nobodys_payment": RowPlant("a payment or recharge that nobody made", nobodys, fits=is_taking),
    "still_processing": RowPlant(
        "it is told to be in progress", not_yet, TELLING, lambda row: not is_payment(row)
    ),
    "told_as_failed": RowPlant("it is told to have failed", failed, TELLING, lambda row: not is_payment(row)),
    "unknown_status": RowPlant(
        "a status that nobody has described",
        Said("status", lambda row: "7"),
        TELLING,
        lambda row: not is_payment(row),
        refused=all_of("STATUS"),
    ),
    "unknown_kind": RowPlant(
        "a kind of row that nobody has described",
        Said("kind", lambda row: "X99"),
        CHANNELS,
        refused=all_of("KIND"),
    ),
    "other_currency": RowPlant("another currency", other_currency, frozenset({WECHAT})),
    "foreign_merchant": RowPlant(
        "one row is another merchant's", other_merchant, frozenset({WECHAT, UNIONPAY})
    ),
    "file_of_another_merchant": RowPlant(
        "every row is another merchant's", all_foreign, frozenset({WECHAT}), whole=True
    ),
    "other_party": RowPlant("another payer, or another card", other_party, TELLING, is_taking),
    "other_reference": RowPlant("another number of the counterparty's", other_reference, fits=is_taking),
    "reference_twice": RowPlant(
        "two rows with the same number of the counterparty's",
        reference_twice,
        fits=is_taking,
        pairs=other_row,
    ),
    "amounts_swapped": RowPlant("two rows with each other's amounts", amounts_swapped, pairs=other_amount),
    "numbers_swapped": RowPlant(
        "two rows with each other's numbers", numbers_swapped, fits=is_taking, pairs=other_amount
    ),
    "number_in_another_case": RowPlant("a number in other letters, capital or small", Number(cased)),
    "number_cut_short": RowPlant("a number without its last character", Number(shortened)),
    "number_with_a_space": RowPlant(
        "a space within a number", Said("number", lambda row: spaced(row.number)), refused=all_of("NUMBER")
    ),
    "number_missing": RowPlant("no number", Said("number", lambda row: ""), refused=all_of("NUMBER")),
    "zero_amount": RowPlant("the amount is 0", Amount(times=0)),
    "negative_amount": RowPlant(
        "the amount has the other sign",
        Said("amount", lambda row: yuan(-row.amount)),
        YUAN,
        is_taking,
        refused=all_of("AMOUNT"),
    ),
    "half_a_fen": RowPlant("0.005 yuan", Said("amount", lambda row: "0.005"), YUAN, refused=all_of("AMOUNT")),
    "overflowing_amount": RowPlant(
        "an amount of twenty digits",
        Said("amount", lambda row: "12345678901234567890.00"),
        YUAN,
        refused=all_of("AMOUNT"),
    ),
    "thousands_separators": RowPlant(
        "1,234.00: a separator within the amount",
        Said("amount", grouped),
        refused={**all_of("CELL_COUNT"), WECHAT: "AMOUNT", UNIONPAY: "AMOUNT"},
    ),
    "exponent": RowPlant("1E2 for an amount", Said("amount", lambda row: "1E2"), refused=all_of("AMOUNT")),
    "wide_digits": RowPlant("full-width digits", Said("amount", wide), refused=all_of("AMOUNT")),
    "impossible_moment": RowPlant(
        "the 30th of February", Said("at", lambda row: "2026-02-30 00:00:00"), YUAN, refused=all_of("MOMENT")
    ),
    "row_of_another_week": RowPlant(
        "one row is dated nine days back", Said("at", far), YUAN, refused=all_of("FOREIGN")
    ),
    "row_dated_the_day_before": RowPlant(
        "one row is dated a day back: the time is not compared",
        Said("at", lambda row: stamp(row.at - DAYS_MS)),
        YUAN,
    ),
    "rows_in_another_order": RowPlant("the rows stand in any order", shuffled),
}
