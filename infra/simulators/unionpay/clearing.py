"""The clearing file of a day, from the books: ZM records in GBK, zipped, deflated, base64.

A row of a payment is S22, of a refund S30. What a void's row says is not published: S31 is ours. The
merchant's fee is six in a thousand, kept back from payments and not given back with refunds.
"""

import base64
import io
import zipfile
import zlib
from datetime import date

from simulators.texts import moment
from simulators.unionpay.records import PAYMENT, REFUND, SUCCESS, VOID, Record, Trade
from simulators.unionpay.trades import TradeBooks

WIDTHS = (3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2, 6, 2, 4, 32, 1, 21, 15, 1,
          15, 32, 13, 13, 8, 32, 13, 13, 12, 2, 1, 32, 98)  # fmt: skip
CODES = {PAYMENT: "S22", REFUND: "S30", VOID: "S31"}
FEE_PER_MILLE = 6
ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def clearing_rows(books: TradeBooks, mer_id: str, day: date) -> list[bytes]:
    """The settled transactions of one merchant and day, in the order of the books."""
    rows = []
    for record in books.records.values():
        settled = record.paid if isinstance(record, Trade) else record.code == SUCCESS
        if settled and record.settle_day == day and record.order.identity[0] == mer_id:
            rows.append(zm_record(record))
    return rows


def clearing_file(rows: list[bytes], mer_id: str, day: date) -> str:
    """fileContent: one zip with one ZM member."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        member = zipfile.ZipInfo(f"INN{day:%y%m%d}88ZM_{mer_id}", ZIP_TIME)
        archive.writestr(member, b"".join(row + b"\r\n" for row in rows))
    return base64.b64encode(zlib.compress(packed.getvalue())).decode()


def zm_record(record: Record) -> bytes:
    """One record of 607 bytes."""
    fields = dict.fromkeys(range(len(WIDTHS)), "")
    if isinstance(record, Trade):
        txn_type, at, amount = PAYMENT, record.paid_at, record.paid_fen
        fee = (amount * FEE_PER_MILLE + 500) // 1000
        fields |= {5: record.card, 15: directed(-fee), 16: directed(amount - fee)}
    else:
        txn_type, at, amount = record.order.txn_type, record.finished_at, record.order.amount_fen
        fields |= {5: record.trade.card, 15: directed(0), 16: directed(-amount)}
        fields |= {13: record.trade.trace_no, 14: f"{moment(record.trade.paid_at):%m%d%H%M%S}"}
        fields |= {26: record.order.original_query_id}
    mer_id, order_id, _ = record.order.identity
    fields |= {0: CODES[txn_type], 1: "00049992", 2: "00049992", 3: record.trace_no}
    fields |= {4: f"{moment(at):%m%d%H%M%S}", 6: f"{amount:012d}", 7: "5541", 8: "07", 9: record.query_id}
    fields |= {11: order_id, 12: "01", 21: "000201", 27: mer_id, 30: "加油卡充值"}
    return b" ".join(_padded(fields[place], width) for place, width in enumerate(WIDTHS))


def directed(fen: int) -> str:
    """`C` to the merchant, `D` from the merchant, twelve digits."""
    return f"{'D' if fen < 0 else 'C'}{abs(fen):012d}"


def _padded(text: str, width: int) -> bytes:
    encoded = text.encode("gbk")
    if len(encoded) > width:
        raise ValueError(f"too long for its field: {text}")
    return encoded.ljust(width)
