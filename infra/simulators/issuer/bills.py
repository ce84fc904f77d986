"""The issuer's settlement file of a day. Juhe publishes none: the layout is Octane's own."""

from collections.abc import Sequence

from simulators.bills.rows import Draft, Form, Heading, Row, RowKind, RowStatus
from simulators.issuer.recharges import RechargeBooks, State
from simulators.texts import stamp, yuan

COLUMNS = ("orderid", "sporder_id", "game_userid", "cardnum", "ordercash", "fee", "state", "finished_at")
STATES = {RowStatus.SUCCEEDED: "1", RowStatus.PROCESSING: "0", RowStatus.FAILED: "9"}
SHOWN = 4
"""Digits of a card that are not masked."""


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


def masked(card: str) -> str:
    return "*" * (len(card) - SHOWN) + card[-SHOWN:]


def draft(heading: Heading, rows: Sequence[Row]) -> Draft:
    tail = (f"#total,{len(rows)},{yuan(sum(row.amount for row in rows))}",)
    return Draft((), COLUMNS, tuple(_cells(row) for row in rows), tail, mark=True)


def _cells(row: Row) -> tuple[str, ...]:
    amount = row.said.get("amount", yuan(row.amount))
    return (
        *(row.said.get("number", row.number), row.reference, row.party, amount, amount),
        row.said.get("fee", yuan(row.fee)),
        row.said.get("status", STATES[row.status]),
        row.said.get("at", stamp(row.at)),
    )


def pack(heading: Heading, rows: Sequence[Row], text: bytes) -> bytes:
    return text


FORM = Form("JUHE", draft, pack)
