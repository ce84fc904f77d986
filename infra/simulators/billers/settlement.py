"""A biller's settlement file of a day: what it was paid, in the same layout for all of them."""

from simulators.billers.books import BillerBooks
from simulators.billers.names import PAID, REFUSED, RUNNING
from simulators.bills.plant import BILLER
from simulators.bills.rows import Row, RowKind, RowStatus
from simulators.bills.settlement import masked, settlement_form

COLUMNS = {
    "order_no": "number",
    "payment_no": "reference",
    "account": "party",
    "amount": "amount",
    "fee": "fee",
    "state": "status",
    "finished_at": "at",
}
FORM = settlement_form(
    BILLER,
    COLUMNS,
    {RowStatus.SUCCEEDED: PAID, RowStatus.PROCESSING: RUNNING, RowStatus.FAILED: REFUSED},
)


def settlement_rows(books: BillerBooks, biller: str) -> list[Row]:
    """Every payment that ever succeeded, in order of its end."""
    done = [
        payment
        for payment in books.payments.values()
        if payment.order.biller == biller and payment.state == PAID
    ]
    rows = [
        Row(
            RowKind.RECHARGE,
            payment.order.order_no,
            payment.payment_no,
            payment.order.amount,
            0,
            payment.ended_at,
            "",
            masked(payment.order.account_no),
        )
        for payment in done
    ]
    return sorted(rows, key=lambda row: row.at)
