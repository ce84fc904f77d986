"""One statement schema for every bill that a counterparty sends, and for our own side of the day (RC1).

Amounts are fen and never negative: the kind says which way the money went. `fee` is what the counterparty
charges us for the line; a fee that it gives back is negative.
"""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import NamedTuple, Protocol

from octane.kernel.clock import Instant


class LineKind(StrEnum):
    PAYMENT = "PAYMENT"
    """The channel took money for us."""
    REFUND = "REFUND"
    """The channel gave money back for us; a void is one too."""
    RECHARGE = "RECHARGE"
    """The issuer put money on a card, and charges us for it."""


class LineStatus(StrEnum):
    SUCCEEDED = "SUCCEEDED"
    PROCESSING = "PROCESSING"
    FAILED = "FAILED"


class StatementLine(NamedTuple):
    """One movement, as one side tells it."""

    kind: LineKind
    number: str
    """Our number of it: out_trade_no, refund number, issuer order number. The two sides meet here."""
    reference: str
    """The counterparty's own number of it; empty when a side does not know it."""
    amount: int
    fee: int
    currency: str
    """ISO 4217: `CNY`."""
    status: LineStatus
    party: str
    """Who paid or was recharged, as both sides can write it (openid, then their mark; `*` and a card's last
    four digits); empty where a side does not tell, and then it is not compared."""
    merchant: str
    """Whose account at the counterparty; empty where a side does not tell."""
    settled_at: Instant
    """When it succeeded: the day is cut by this."""
    line: int
    """Where it stands in the file as it came, from 1; 0 on our side."""


class StatedTotal(NamedTuple):
    """What a bill's own summary says. None: it does not tell that of this kind."""

    kind: LineKind | None
    """None: of all kinds together, as WeChat Pay tells the count and the fees."""
    count: int | None  # type: ignore[assignment]  # a tuple's own count is not used
    amount: int | None
    """Fen, never negative."""
    fee: int | None = None
    """Fen."""


class ParsedBill(NamedTuple):
    stated: tuple[StatedTotal, ...]
    """Empty where the format has no summary."""
    lines: Iterator[StatementLine]
    """Read as it is drawn; raises `BillUnreadableError` at the first line that cannot be read exactly."""


class BillUnreadableError(ValueError):
    """A bill that cannot be read exactly. Says where and which rule, never the content.

    Line and column count from 1; the column is the cell's or the field's place in its line. A fault of the
    file as a whole (its archive, its digest, whose it is) may have neither: both are 0. `code` is stable:
    NOT_AN_ARCHIVE, TRUNCATED, ENCODING, COLUMNS, CELL_COUNT, AMOUNT, MOMENT, NUMBER, KIND, STATUS, CURRENCY,
    SUMMARY, TOO_LARGE, FOREIGN (another merchant's or another day's), DIGEST.
    """

    def __init__(self, code: str, detail: str = "", *, line: int = 0, column: int = 0) -> None:
        self.code, self.detail, self.line, self.column = code, detail, line, column
        place = f" at line {line}, column {column}" if line else ""
        super().__init__(f"{code}{place}{f': {detail}' if detail else ''}")


class BillOriginal(NamedTuple):
    """A bill's file as it came."""

    name: str
    """What it is called where it came from, or what we call it: no path in it."""
    content: bytes


class BillNotReady(StrEnum):
    """The counterparty says that there is none: not made yet, or the day had no movement."""

    NOT_READY = "NOT_READY"
    EMPTY_DAY = "EMPTY_DAY"
    """It says that nothing moved that day: as good as a bill without lines."""


class BillUnknown(NamedTuple):
    """The call brought no bill and no word about one: ask again."""

    reason: str


class BillSource(Protocol):
    """A counterparty's bills."""

    @property
    def merchant(self) -> str:
        """Our account there, as its bills write it; empty where they do not."""
        ...

    def fetch(self, day: date) -> BillOriginal | BillNotReady | BillUnknown:
        """Ask for a day's bill and get it. The day is the counterparty's own: not all end at midnight.

        Raise `BillUnreadableError("DIGEST")` for a file that is not the one announced."""
        ...

    def parse(self, content: bytes, day: date) -> ParsedBill:
        """Read a bill's original; raise `BillUnreadableError`, here or while `lines` is drawn.

        Lines count only when all of them could be drawn."""
        ...
