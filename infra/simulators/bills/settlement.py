"""Settlement files of those who fulfil orders: UTF-8 CSV with a byte order mark and a total at its end."""

from collections.abc import Callable, Mapping, Sequence

from simulators.bills.rows import Draft, Form, Heading, Row, RowStatus
from simulators.texts import stamp, yuan

SHOWN = 4
"""Characters of a card or account that are not masked."""
CELLS: Mapping[str, Callable[[Row], str]] = {
    "number": lambda row: row.said.get("number", row.number),
    "reference": lambda row: row.reference,
    "party": lambda row: row.party,
    "amount": lambda row: row.said.get("amount", yuan(row.amount)),
    "fee": lambda row: row.said.get("fee", yuan(row.fee)),
    "at": lambda row: row.said.get("at", stamp(row.at)),
}


def masked(number: str) -> str:
    return "*" * (len(number) - SHOWN) + number[-SHOWN:]


def settlement_form(source: str, columns: Mapping[str, str], states: Mapping[RowStatus, str]) -> Form:
    """`columns`: their titles, and which of a row's cells (or `status`) stands in each."""

    def cell(row: Row, name: str) -> str:
        return row.said.get("status", states[row.status]) if name == "status" else CELLS[name](row)

    def draft(heading: Heading, rows: Sequence[Row]) -> Draft:
        tail = (f"#total,{len(rows)},{yuan(sum(row.amount for row in rows))}",)
        cells = tuple(tuple(cell(row, name) for name in columns.values()) for row in rows)
        return Draft((), tuple(columns), cells, tail, mark=True)

    return Form(source, draft, lambda heading, rows, text: text)
