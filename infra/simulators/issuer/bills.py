"""The issuer's settlement file of a day. Juhe publishes none: the layout is Octane's own."""

from simulators.bills.plant import JUHE
from simulators.bills.rows import Row, RowKind, RowStatus
from simulators.bills.settlement import masked, settlement_form
from simulators.issuer.recharges import RechargeBooks, State

COLUMNS = {
    "orderid": "number",
    "sporder_id": "reference",
    "game_userid": "party",
    "cardnum": "amount",
    "ordercash": "amount",
    "fee": "fee",
    "state": "status",
    "finished_at": "at",
}
FORM = settlement_form(
    JUHE, COLUMNS, {RowStatus.SUCCEEDED: "1", RowStatus.PROCESSING: "0", RowStatus.FAILED: "9"}
)


def bill_rows(books: RechargeBooks, merchant: str) -> list[Row]:
    """Every recharge that ever succeeded, in order of its end."""
    done = [record for record in books.recharges.values() if record.state is State.SUCCEEDED]
    rows = [
        Row(
            RowKind.RECHARGE,
            record.order.orderid,
            record.sporder_id,
            record.order.amount_fen,
            0,
            record.ended_at,
            merchant,
            masked(record.order.card),
        )
        for record in done
    ]
    return sorted(rows, key=lambda row: row.at)
