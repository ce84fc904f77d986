"""The clearing file of a day: ZM records in GBK, zipped, deflated, base64.

A row of a payment is S22, of a refund S30. What a void's row says is not published: S31 is ours. The
merchant's fee is five in a thousand, kept back from payments and not given back with refunds.
"""

import base64
import io
import zipfile
import zlib
from collections.abc import Sequence

from simulators.bills.rows import Draft, Form, Heading, Row, RowKind, fee_of
from simulators.texts import moment
from simulators.unionpay.records import SUCCESS, VOID, Record, Trade
from simulators.unionpay.trades import TradeBooks

WIDTHS = (3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2, 6, 2, 4, 32, 1, 21, 15, 1,
          15, 32, 13, 13, 8, 32, 13, 13, 12, 2, 1, 32, 98)  # fmt: skip
CODES = {RowKind.PAYMENT: "S22", RowKind.REFUND: "S30", RowKind.VOID: "S31"}
FEE_PPM = 5_000
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
CUT_HOURS = -1
"""A clearing day begins at 23:00 of the day before."""
TRACE_DIGITS = slice(14, 20)
"""Where a queryId carries the trace number."""


def bill_rows(books: TradeBooks, mer_id: str) -> list[Row]:
    """Every settled transaction of one merchant, in the order of the books."""
    rows = []
    for record in books.records.values():
        settled = record.paid if isinstance(record, Trade) else record.code == SUCCESS
        if settled and record.order.identity[0] == mer_id:
            rows.append(row_of(record))
    return rows


def row_of(record: Record) -> Row:
    mer_id, order_id, _ = record.order.identity
    if isinstance(record, Trade):
        fen, at, fee = record.paid_fen, record.paid_at, fee_of(record.paid_fen, FEE_PPM)
        return Row(RowKind.PAYMENT, order_id, record.query_id, fen, fee, at, mer_id, record.card)
    kind = RowKind.VOID if record.order.txn_type == VOID else RowKind.REFUND
    paid = record.trade
    return Row(
        *(kind, order_id, record.query_id, record.order.amount_fen, 0, record.finished_at, mer_id, paid.card),
        original=paid.order.identity[1],
        original_reference=paid.query_id,
        original_at=paid.paid_at,
    )


def draft(heading: Heading, rows: Sequence[Row]) -> Draft:
    """Records of 607 bytes, and nothing that sums them."""
    cells = tuple(_record(row) for row in rows)
    return Draft((), (), cells, (), separator=" ", encoding="gbk")


def _record(row: Row) -> tuple[str, ...]:
    fields = dict.fromkeys(range(len(WIDTHS)), "")
    settled = -row.amount if row.returns else row.amount - row.fee
    fields |= {0: row.said.get("kind", CODES.get(row.kind, "")), 1: "00049992", 2: "00049992"}
    fields |= {3: row.reference[TRACE_DIGITS], 4: row.said.get("at", f"{moment(row.at):%m%d%H%M%S}")}
    fields |= {5: row.party, 6: row.said.get("amount", f"{row.amount:012d}"), 7: "5541", 8: "07"}
    fields |= {9: row.reference, 11: row.said.get("number", row.number), 12: "01"}
    fields |= {15: row.said.get("fee", directed(-row.fee)), 16: directed(settled)}
    fields |= {21: "000201", 27: row.merchant, 30: "加油卡充值"}
    if row.returns:
        fields |= {13: row.original_reference[TRACE_DIGITS], 14: f"{moment(row.original_at):%m%d%H%M%S}"}
        fields |= {26: row.original_reference}
    return tuple(_padded(fields[place], width) for place, width in enumerate(WIDTHS))


def directed(fen: int) -> str:
    """`C` to the merchant, `D` from the merchant, twelve digits."""
    return f"{'D' if fen < 0 else 'C'}{abs(fen):012d}"


def _padded(text: str, width: int) -> str:
    """Filled up to a width in bytes, of which a Chinese character takes two."""
    size = len(text.encode("gbk"))
    if size > width:
        raise ValueError(f"too long for its field: {text}")
    return text + " " * (width - size)


def pack(heading: Heading, rows: Sequence[Row], text: bytes) -> bytes:
    """fileContent: one zip with one ZM member."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        member = zipfile.ZipInfo(f"INN{heading.day:%y%m%d}88ZM_{heading.merchant}", ZIP_TIME)
        archive.writestr(member, text)
    return base64.b64encode(zlib.compress(packed.getvalue()))


FORM = Form("UNIONPAY", draft, pack)
