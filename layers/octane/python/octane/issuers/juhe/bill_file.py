"""The issuer's settlement file, in the words of its interface (the format: octane.wire.settlement_files)."""

from datetime import date

from octane.kernel.statement import LineStatus, ParsedBill
from octane.wire import settlement_files
from octane.wire.settlement_files import Words

WORDS = Words(
    number="orderid",
    reference="sporder_id",
    party="game_userid",
    amount="ordercash",
    states={"0": LineStatus.PROCESSING, "1": LineStatus.SUCCEEDED, "9": LineStatus.FAILED},
)


def parse(content: bytes, day: date) -> ParsedBill:
    """Read a settlement file; raise `BillUnreadableError`, here or while its lines are drawn."""
    return settlement_files.parse(content, day, WORDS)
