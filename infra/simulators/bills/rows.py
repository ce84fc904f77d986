"""What every company's bill is made of: rows, the draft of a file, and the form that makes one of the other.

All of it is pure: the companies write the rows of their books, a generator may write rows of its own.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from simulators.texts import midnight

DAY_MS = 86_400_000
NOTHING: Mapping[str, str] = MappingProxyType({})


class RowKind(StrEnum):
    PAYMENT = "PAYMENT"
    REFUND = "REFUND"
    VOID = "VOID"
    """UnionPay's same-day refund."""
    RECHARGE = "RECHARGE"


class RowStatus(StrEnum):
    SUCCEEDED = "SUCCEEDED"
    PROCESSING = "PROCESSING"
    FAILED = "FAILED"


class Row(NamedTuple):
    """One movement as a company tells it, in fen; a company leaves out what its format has no cell for."""

    kind: RowKind
    number: str
    """The merchant's: out_trade_no, refund number, orderid."""
    reference: str
    """The company's own."""
    amount: int
    fee: int
    """What the company keeps."""
    at: int
    """Epoch ms of success."""
    merchant: str
    party: str = ""
    """openid, masked logon, masked card."""
    original: str = ""
    """Of money going back: the payment's number."""
    original_reference: str = ""
    original_at: int = 0
    currency: str = "CNY"
    status: RowStatus = RowStatus.SUCCEEDED
    subject: str = "加油卡充值"
    trade_type: str = "JSAPI"
    app: str = ""
    sub_merchant: str = ""
    said: Mapping[str, str] = NOTHING
    """Texts that stand in the file instead of what the row says: amount, fee, kind, number, at, status."""

    @property
    def returns(self) -> bool:
        return self.kind in (RowKind.REFUND, RowKind.VOID)


Rows = tuple[Row, ...]


class Heading(NamedTuple):
    """Which bill it is."""

    day: date
    merchant: str
    cut_hours: int = 0
    """When the company's day begins, in hours from midnight, Beijing: UnionPay's is -1."""

    @property
    def start(self) -> int:
        return midnight(self.day) + self.cut_hours * 3_600_000

    @property
    def end(self) -> int:
        return self.start + DAY_MS

    @property
    def next(self) -> "Heading":
        return self.earlier(-1)

    def earlier(self, days: int) -> "Heading":
        return self._replace(day=self.day - timedelta(days=days))

    @property
    def made_at(self) -> int:
        """The moment that a file states when it says when it was made: the morning after."""
        return midnight(self.day) + DAY_MS + 9 * 3_600_000

    def holds(self, at: int) -> bool:
        return self.start <= at < self.end


class Draft(NamedTuple):
    """A file before it is bytes: lines of cells between a head and a tail."""

    head: tuple[str, ...]
    columns: tuple[str, ...]
    """Empty in a format of fixed width."""
    rows: tuple[tuple[str, ...], ...]
    tail: tuple[str, ...]
    """Its summary."""
    separator: str = ","
    encoding: str = "utf-8"
    line_end: str = "\r\n"
    mark: bool = False
    """Begin with a byte order mark."""

    def encode(self) -> bytes:
        titles = (self.separator.join(self.columns),) if self.columns else ()
        lines = [*self.head, *titles, *(self.separator.join(row) for row in self.rows), *self.tail]
        text = "".join(line + self.line_end for line in lines)
        return (("\ufeff" if self.mark else "") + text).encode(self.encoding)


class Form(NamedTuple):
    """How a company writes its bills."""

    source: str
    draft: Callable[[Heading, Sequence[Row]], Draft]
    pack: Callable[[Heading, Sequence[Row], bytes], bytes]
    """Put the file into what the merchant downloads."""


def fee_of(fen: int, ppm: int) -> int:
    """A fee in parts per million, rounded half up to the fen."""
    return (fen * ppm + 500_000) // 1_000_000
