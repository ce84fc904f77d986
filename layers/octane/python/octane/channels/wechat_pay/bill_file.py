"""WeChat Pay's trade bill of type ALL: every row exactly, columns by their names, yuan to fen.

A cell begins with a backtick, so that a comma in a product's name is no end of a cell. What counts is what
WeChat Pay settles with us: the order's amount, and a refund's, less a coupon at our own expense.
"""

from collections.abc import Iterator
from datetime import date

from octane.kernel.statement import (
    BillUnreadableError,
    LineKind,
    LineStatus,
    ParsedBill,
    StatedTotal,
    StatementLine,
)
from octane.wire.bill_files import Opener, lines_of, plain_or_gzip, tail_of
from octane.wire.bill_rows import Layout, Row, Writing, currency_of, layout_of, of_the_day, whole_of

ROWS = Writing("utf-8", separator=",`", lead="`")
HEADER = Writing("utf-8")
AT, MERCHANT, SUB_MERCHANT, PAYER = "交易时间", "商户号", "特约商户号", "用户标识"
PAYMENT_ID, PAYMENT_NO, PAID = "微信订单号", "商户订单号", "应结订单金额"
REFUND_ID, REFUND_NO, RETURNED, REFUND_STATUS = "微信退款单号", "商户退款单号", "退款金额", "退款状态"
KIND, CURRENCY, FEE = "交易状态", "货币种类", "手续费"
COLUMNS = (
    *(AT, MERCHANT, SUB_MERCHANT, PAYER, PAYMENT_ID, PAYMENT_NO, PAID, REFUND_ID, REFUND_NO, RETURNED),
    *(REFUND_STATUS, KIND, CURRENCY, FEE),
)
COUNT, ALL_PAID, ALL_RETURNED, ALL_FEES = "总交易单数", "应结订单总金额", "退款总金额", "手续费总金额"
TOTALS = (COUNT, ALL_PAID, ALL_RETURNED, ALL_FEES)
REFUND_STATES = {
    "SUCCESS": LineStatus.SUCCEEDED,
    "PROCESSING": LineStatus.PROCESSING,
    "CHANGE": LineStatus.PROCESSING,
    "FAIL": LineStatus.FAILED,
}
"""CHANGE: the payer's account could not take it; a person decides where it goes."""
TAIL_LINES = 4
NO_NUMBER = frozenset({"", "0"})


def parse(content: bytes, day: date) -> ParsedBill:
    """Read a bill, packed or plain; raise `BillUnreadableError`, here or while its lines are drawn."""
    opener = plain_or_gzip(content)
    head = next(lines_of(opener), b"")
    layout = layout_of(head, 1, COLUMNS, HEADER, day)._replace(writing=ROWS)
    tail = tail_of(opener, TAIL_LINES)
    for at, (line, raw) in enumerate(tail):
        if raw.startswith(COUNT.encode()):
            stated = _stated(tail[at:], day)
            return ParsedBill(stated, of_the_day(_lines(opener, layout, until=line), day))
    raise BillUnreadableError("TRUNCATED", "no summary", line=tail[-1][0] if tail else 1, column=1)


def _stated(tail: list[tuple[int, bytes]], day: date) -> tuple[StatedTotal, ...]:
    (line, header), *rest = tail
    if len(rest) != 1:
        raise BillUnreadableError("SUMMARY", "not one line", line=tail[-1][0], column=1)
    try:
        layout = layout_of(header, line, TOTALS, HEADER, day)._replace(writing=ROWS)
        row = layout.row(rest[0][1], rest[0][0])
        return (
            StatedTotal(LineKind.PAYMENT, None, row.fen(ALL_PAID)),
            StatedTotal(LineKind.REFUND, None, row.fen(ALL_RETURNED)),
            StatedTotal(None, row.read(whole_of, COUNT, "AMOUNT"), None, row.fen(ALL_FEES)),
        )
    except BillUnreadableError as error:
        raise BillUnreadableError("SUMMARY", error.detail, line=error.line, column=error.column) from None


def _lines(opener: Opener, layout: Layout, until: int) -> Iterator[StatementLine]:
    for line, raw in enumerate(lines_of(opener), 1):
        if line == until:
            return
        if line > 1:
            yield _line(layout.row(raw, line))


def _line(row: Row) -> StatementLine:
    kind = row.text(KIND)
    if kind not in ("SUCCESS", "REFUND"):
        raise row.refused("KIND", KIND)
    refund = kind == "REFUND"
    none, amount_at = (PAID, RETURNED) if refund else (RETURNED, PAID)
    if row.fen(none) or (not refund and row.text(REFUND_NO) not in NO_NUMBER):
        raise row.refused("KIND", none)
    number, reference = (
        row.number(REFUND_NO if refund else PAYMENT_NO),
        row.number(REFUND_ID if refund else PAYMENT_ID),
    )
    if refund and number in NO_NUMBER:
        raise row.refused("NUMBER", REFUND_NO)
    amount = row.fen(amount_at)
    if amount < 0:
        raise row.refused("AMOUNT", amount_at)
    status = REFUND_STATES.get(row.text(REFUND_STATUS)) if refund else LineStatus.SUCCEEDED
    if status is None:
        raise row.refused("STATUS", REFUND_STATUS)
    sub_merchant = row.text(SUB_MERCHANT)
    return StatementLine(
        kind=LineKind.REFUND if refund else LineKind.PAYMENT,
        number=number,
        reference=reference,
        amount=amount,
        fee=row.fen(FEE),
        currency=row.read(currency_of, CURRENCY, "CURRENCY"),
        status=status,
        party=row.number(PAYER) if row.text(PAYER) else "",
        merchant=row.number(MERCHANT) if sub_merchant in NO_NUMBER else row.number(SUB_MERCHANT),
        settled_at=row.moment(AT),
        line=row.line,
    )
