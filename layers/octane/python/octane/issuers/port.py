"""What an order may ask of a fuel-card issuer, and the only answers it can get (FU1, FU3).

The same rule as for channels: yes, a definite no, or unknown. `issuer_order_no` makes a submit idempotent at
the issuer: it never changes across retries, so a card is recharged at most once per order.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

from octane.issuers.names import Issuer
from octane.kernel.clock import Instant
from octane.kernel.errors import OctaneError
from octane.kernel.money import Fen


class RechargeRequest(NamedTuple):
    issuer_order_no: str
    """8–32 alphanumeric."""
    issuer: Issuer
    card_number: str
    amount: Fen
    holder_phone: str
    holder_name: str


class RechargeState(StrEnum):
    RUNNING = "RUNNING"
    """The issuer has it and is working; the outcome comes by callback or query."""
    SUCCEEDED = "SUCCEEDED"
    REFUSED = "REFUSED"
    """The issuer recorded a definite failure for this order number; the card was not and will not be
    recharged."""
    NOT_FOUND = "NOT_FOUND"
    """The issuer knows no such order number (yet). Proof of nothing: submit again under the same number."""


@dataclass(frozen=True, slots=True)
class RechargeReport:
    issuer_order_no: str
    state: RechargeState
    issuer_reference: str = ""
    """The issuer's own number (sporder_id)."""
    code: str = ""
    message: str = ""
    source: str = "answer"
    """`notice`, `query` or `answer`."""
    recharged_at: Instant | None = None
    """No answer of an issuer tells it; its bill does."""


@dataclass(frozen=True, slots=True)
class RechargeUnknown:
    """The submit or query may or may not have taken effect."""

    reason: str


class IssuerNoticeRefusedError(OctaneError):
    code = "ISSUER_NOTICE_REFUSED"
    status = 401
    summary = "The issuer's notice is not believed: its signature does not verify or it cannot be read."


class CardIssuer(Protocol):
    """An issuer's interface. Every method makes at most one call and returns within its time-out."""

    def submit(self, request: RechargeRequest) -> RechargeReport | RechargeUnknown:
        """RUNNING, SUCCEEDED or REFUSED; anything less than a definite word is `RechargeUnknown`."""
        ...

    def query(self, issuer_order_no: str) -> RechargeReport | RechargeUnknown: ...

    def balance(self) -> Fen | RechargeUnknown:
        """The prepaid balance that we hold with the issuer."""
        ...

    def read_notice(self, body: bytes) -> RechargeReport:
        """Verify and read a callback (form-encoded); raise `IssuerNoticeRefusedError`."""
        ...
