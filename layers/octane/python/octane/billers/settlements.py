"""The billers' settlement file, the same in all protocols (the format: octane.wire.settlement_files).

order_no,payment_no,account,amount,fee,state,finished_at
O…R01,W20261118…,************5678,182.40,0.00,PAID,2026-11-18 10:55:23
#total,1,182.40
"""

import re
from datetime import date

from octane.kernel.statement import LineStatus, ParsedBill
from octane.wire import settlement_files
from octane.wire.settlement_files import Words

WORDS = Words(
    number="order_no",
    reference="payment_no",
    party="account",
    amount="amount",
    states={"RUNNING": LineStatus.PROCESSING, "PAID": LineStatus.SUCCEEDED, "REFUSED": LineStatus.FAILED},
    masked=re.compile(r"\*+([0-9A-Z挂学警港澳]{4})"),
)


def parse_settlement(content: bytes, day: date) -> ParsedBill:
    """Read a settlement file; raise `BillUnreadableError`, here or while its lines are drawn."""
    return settlement_files.parse(content, day, WORDS)
