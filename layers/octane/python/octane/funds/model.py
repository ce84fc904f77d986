"""What the custody bank says, what we expect of it, and what a check of a day finds.

Amounts are fen. Of a line and of everything compared with it they are signed as the bank moves our balance:
positive comes in, negative goes out.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from octane.kernel.clock import Instant
from octane.ledger.accounts import CHANNEL_FEE, biller_payable, channel_receivable, issuer_payable
from octane.ledger.entries import Leg


class BankAccount(StrEnum):
    """Ours at the custody bank (LG6)."""

    HOT = "HOT"
    """Pays: settles with issuers and channels, pays withdrawals."""
    COLD = "COLD"
    """Keeps: money moves only to and from the hot account."""


class LineKind(StrEnum):
    SETTLEMENT = "SETTLEMENT"
    """A channel settles a day with us, or an issuer takes what we owe for one."""
    TRANSFER = "TRANSFER"
    """What we instructed: carries our instruction number."""
    FEE = "FEE"
    INTEREST = "INTEREST"
    OTHER = "OTHER"


class BankLine(NamedTuple):
    """One movement of one account."""

    account: BankAccount
    serial: int
    """The bank's own: one on from the line before, over the whole life of the account."""
    booked_at: Instant
    amount: int
    balance: int
    """After it."""
    kind: LineKind
    instruction: str
    settled_day: str
    """YYYY-MM-DD; empty unless a SETTLEMENT."""
    counterparty: str
    remark: str
    line: int
    """Where it stands in the file, from 1."""


class BankStatement(NamedTuple):
    """One account's day, proven in itself: opening + lines = closing, line by line."""

    bank: str
    account: BankAccount
    day: date
    opening: int
    closing: int
    lines: tuple[BankLine, ...]
    digest: str
    """SHA-256 that the statement carries, in hex."""


class ExpectedSettlement(NamedTuple):
    """What a party settles with us for one of its days, as the matched bill of that day has it."""

    party: str
    """As the statement names it: a channel, JUHE, or a biller."""
    day: str
    """The settled day, YYYY-MM-DD."""
    legs: tuple[Leg, ...]
    """What it clears in our books, without the bank's own leg."""

    @property
    def amount(self) -> int:
        return -sum(leg.fen for leg in self.legs)


def channel_settlement(channel: str, day: date, gross: int, fee: int) -> ExpectedSettlement:
    """Of a channel: `gross` is what its matched bill took less what it gave back, `fee` what it keeps."""
    legs = (Leg(CHANNEL_FEE, fee), Leg(channel_receivable(channel), -gross))
    return ExpectedSettlement(channel, day.isoformat(), tuple(leg for leg in legs if leg.fen))


def issuer_settlement(party: str, day: date, recharged: Mapping[str, int]) -> ExpectedSettlement:
    """Of an issuer's aggregator: what the matched bill recharged, by issuer."""
    legs = tuple(Leg(issuer_payable(issuer), fen) for issuer, fen in sorted(recharged.items()) if fen)
    return ExpectedSettlement(party, day.isoformat(), legs)


def biller_settlement(biller: str, day: date, paid: int) -> ExpectedSettlement:
    """Of a biller: what its matched bill was paid."""
    return ExpectedSettlement(biller, day.isoformat(), (Leg(biller_payable(biller), paid),) if paid else ())


class DifferenceKind(StrEnum):
    OPENING = "OPENING"
    """The account's first statement opens with money that our books do not know. In suspense."""
    UNEXPECTED = "UNEXPECTED"
    """A line that nothing of ours explains. In suspense."""
    AMOUNT = "AMOUNT"
    """We expected it, with another amount. In suspense."""
    DUPLICATE = "DUPLICATE"
    """It was settled or paid by an earlier line. In suspense."""
    CHANGED = "CHANGED"
    """A line that was booked before now says something else: nothing is booked again."""
    ABSENT = "ABSENT"
    """A settlement that should have come by now and has not. Nothing is booked."""
    UNCONFIRMED = "UNCONFIRMED"
    """An instruction of an earlier day that no statement confirms. It stays open."""
    OVERDRAWN = "OVERDRAWN"
    """The bank took so much that what is held for instructions is not covered any more."""


class FundsDifference(NamedTuple):
    """What a person must look at. `number` names it, the same at every run."""

    number: str
    kind: DifferenceKind
    account: BankAccount
    day: str
    """Of the statement; of what does not come, its own: the same however often it is missed."""
    serial: int
    """Of the line; 0 when there is none."""
    expected: int
    found: int
    about: str
    """The instruction, or party and settled day."""

    @property
    def is_in_suspense(self) -> bool:
        return self.kind in IN_SUSPENSE


IN_SUSPENSE = frozenset(
    {DifferenceKind.OPENING, DifferenceKind.UNEXPECTED, DifferenceKind.AMOUNT, DifferenceKind.DUPLICATE}
)


class AccountCheck(NamedTuple):
    """One account at the end of a statement's day."""

    account: BankAccount
    stated: int
    """The statement's closing balance."""
    booked: int
    """The ledger's: the closing before, and the entries of the statement's lines."""


class FundsReport(NamedTuple):
    day: str
    accounts: tuple[AccountCheck, ...]
    differences: tuple[FundsDifference, ...]
    failures: tuple[str, ...]
    """What does not hold, in words for a person; empty when it holds."""

    @property
    def holds(self) -> bool:
        return not self.failures
