"""What may be asked of a biller, and the only answers it can get (FU2): the canonical model of all protocols.

As with channels and issuers: yes, a definite no, or unknown. `order_no` makes a payment idempotent at the
biller: it never changes across retries, so a bill is paid at most once per order.
"""

import re
from datetime import date
from typing import NamedTuple, Protocol

from octane.kernel.errors import OctaneError
from octane.kernel.fulfilment import FulfilmentReport, FulfilmentUnknown
from octane.kernel.money import Fen
from octane.kernel.statement import BillSource


class Tier(NamedTuple):
    """A step of a tiered price: what was used in it, and what a unit costs there."""

    up_to: str
    """Upper bound in the tier's unit, a decimal; empty for the last."""
    used: str
    """A decimal, in `OwedBill.unit`."""
    unit_price: str
    """CNY for a unit, a decimal: it may be finer than a fen."""
    amount: Fen


BILL_NO = re.compile(r"[0-9A-Za-z-]{1,32}")


class OwedBill(NamedTuple):
    """A bill as the biller tells it now. `owed` is what is left to pay, in fen."""

    bill_no: str
    """`BILL_NO`."""
    owed: Fen
    period: str
    """`2026-10`; of parking the moment of entry, RFC 3339."""
    due_on: date | None = None
    partial: bool = False
    """Whether less than `owed` may be paid."""
    minimum: Fen = Fen(1)
    """The least that may be paid where `partial`."""
    late_fee: Fen = Fen(0)
    """Within `owed`."""
    unit: str = ""
    """`kWh`, `m3`; empty where nothing is metered."""
    tiers: tuple[Tier, ...] = ()


class Owed(NamedTuple):
    """What an account owes. `holder_masked`: the first character of the account's holder, and `**`."""

    holder_masked: str
    bills: tuple[OwedBill, ...]


class BillPart(NamedTuple):
    """What is to be paid of one bill."""

    bill_no: str
    amount: Fen


class BillPayment(NamedTuple):
    """All parts are paid, or none."""

    order_no: str
    """8–32 alphanumeric."""
    account_no: str
    parts: tuple[BillPart, ...]

    @property
    def amount(self) -> Fen:
        return Fen(sum(part.amount for part in self.parts))


class BillerRefused(NamedTuple):
    """The biller's definite no to a question: `ACCOUNT_UNKNOWN`, `ACCOUNT_CLOSED`, or its own code."""

    code: str


class BillerNoticeRefusedError(OctaneError):
    code = "BILLER_NOTICE_REFUSED"
    status = 401
    summary = "The biller's notice is not believed: its signature does not verify or it cannot be read."


class BillerPort(Protocol):
    """A biller's interface. Every method makes at most one call and returns within its time-out."""

    def owed(self, account_no: str) -> Owed | BillerRefused | FulfilmentUnknown: ...

    def pay(self, payment: BillPayment) -> FulfilmentReport | FulfilmentUnknown:
        """RUNNING, SUCCEEDED or REFUSED; anything less than a definite word is `FulfilmentUnknown`."""
        ...

    def query(self, order_no: str, amount: Fen, account_masked: str) -> FulfilmentReport | FulfilmentUnknown:
        """How the payment of `amount` stands; one of another amount or account is unknown.
        `account_masked`: as `accounts.masked` writes it, empty once it is erased."""
        ...

    def read_notice(self, body: bytes, headers: dict[str, str]) -> FulfilmentReport:
        """Verify and read a callback (headers in lower case); raise `BillerNoticeRefusedError`."""
        ...


class BillerClient(BillerPort, BillSource, Protocol):
    """An adapter also fetches and reads the biller's daily settlement file, for reconciliation."""
