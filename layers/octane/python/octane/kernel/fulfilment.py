"""What an order may ask of those who fulfil it, fuel-card issuers and billers, and the only answers it can
get (FU1–FU3): yes, a definite no, or unknown. Our number of the order makes a submit idempotent at their
side: it never changes across retries, so nobody fulfils an order twice."""

from dataclasses import dataclass
from enum import StrEnum

from octane.kernel.clock import Instant


class FulfilmentState(StrEnum):
    RUNNING = "RUNNING"
    """They have it and are working; the outcome comes by callback or query."""
    SUCCEEDED = "SUCCEEDED"
    REFUSED = "REFUSED"
    """They recorded a definite failure for this order number: it was not and will not be fulfilled."""
    NOT_FOUND = "NOT_FOUND"
    """They know no such order number (yet). Proof of nothing: submit again under the same number."""


@dataclass(frozen=True, slots=True)
class FulfilmentReport:
    order_no: str
    state: FulfilmentState
    reference: str = ""
    """Their own number of it."""
    code: str = ""
    message: str = ""
    source: str = "answer"
    """`notice`, `query` or `answer`."""
    fulfilled_at: Instant | None = None
    """None where an answer does not tell; the bill does."""


@dataclass(frozen=True, slots=True)
class FulfilmentUnknown:
    """The submit or query may or may not have taken effect."""

    reason: str
