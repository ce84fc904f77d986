"""What an order may ask of a fuel-card issuer, and the only answers it can get (FU1, FU3).

The same rule as for channels: yes, a definite no, or unknown. `order_no` makes a submit idempotent at
the issuer: it never changes across retries, so a card is recharged at most once per order.
"""

from typing import NamedTuple, Protocol

from octane.issuers.names import Issuer
from octane.kernel.errors import OctaneError
from octane.kernel.fulfilment import FulfilmentReport, FulfilmentUnknown
from octane.kernel.money import Fen


class RechargeRequest(NamedTuple):
    order_no: str
    """8–32 alphanumeric."""
    issuer: Issuer
    card_number: str
    amount: Fen
    holder_phone: str
    holder_name: str


class IssuerNoticeRefusedError(OctaneError):
    code = "ISSUER_NOTICE_REFUSED"
    status = 401
    summary = "The issuer's notice is not believed: its signature does not verify or it cannot be read."


class CardIssuer(Protocol):
    """An issuer's interface. Every method makes at most one call and returns within its time-out."""

    def submit(self, request: RechargeRequest) -> FulfilmentReport | FulfilmentUnknown:
        """RUNNING, SUCCEEDED or REFUSED; anything less than a definite word is `FulfilmentUnknown`."""
        ...

    def query(self, order_no: str) -> FulfilmentReport | FulfilmentUnknown: ...

    def balance(self) -> Fen | FulfilmentUnknown:
        """The prepaid balance that we hold with the issuer."""
        ...

    def read_notice(self, body: bytes) -> FulfilmentReport:
        """Verify and read a callback (form-encoded); raise `IssuerNoticeRefusedError`."""
        ...
