"""The states of an order and the transitions that exist (OR1).

    ┌────────── CLOSED ◄──────────┐
    │ (never paid)                │ (channel confirms: nothing taken)
PENDING ───────► PAYING ──────────┘
   │               │ proof of payment
   │ wallet pays   ├───────► REVIEWING ──► FAILED   (returned: refused, or nobody decided in time)
   │               ▼             │ go
   └────────► RECHARGING ◄───────┘
                   ├───────► SUCCEEDED
                   └───────► FAILED   (issuer's definite refusal; the refunds go with it)

An order that must be reviewed goes through REVIEWING, however it was paid (OR10, RK2).
"""

from collections.abc import Mapping
from enum import StrEnum


class OrderState(StrEnum):
    PENDING = "PENDING"
    PAYING = "PAYING"
    REVIEWING = "REVIEWING"
    """Paid, and its money held until a person lets it go or it is returned."""
    RECHARGING = "RECHARGING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CLOSED = "CLOSED"


NEXT: Mapping[OrderState, frozenset[OrderState]] = {
    OrderState.PENDING: frozenset(
        {OrderState.PAYING, OrderState.REVIEWING, OrderState.RECHARGING, OrderState.CLOSED}
    ),
    OrderState.PAYING: frozenset({OrderState.REVIEWING, OrderState.RECHARGING, OrderState.CLOSED}),
    OrderState.REVIEWING: frozenset({OrderState.RECHARGING, OrderState.FAILED}),
    OrderState.RECHARGING: frozenset({OrderState.SUCCEEDED, OrderState.FAILED}),
    OrderState.SUCCEEDED: frozenset(),
    OrderState.FAILED: frozenset(),
    OrderState.CLOSED: frozenset(),
}

TERMINAL = frozenset(state for state, following in NEXT.items() if not following)


class OrderKind(StrEnum):
    """What an order delivers to."""

    CARD = "CARD"
    WALLET = "WALLET"
    """The customer's stored balance with us."""
    BILL = "BILL"
    """A biller's account: one or several of its bills (OR9)."""


class Event(StrEnum):
    """What a step tells, in the past tense."""

    ORDER_PLACED = "OrderPlaced"
    PAYMENT_STARTED = "PaymentStarted"
    ORDER_PAID = "OrderPaid"
    ORDER_HELD = "OrderHeld"
    """Paid, and somebody must look at it first."""
    ORDER_RELEASED = "OrderReleased"
    ORDER_SUCCEEDED = "OrderSucceeded"
    ORDER_FAILED = "OrderFailed"
    ORDER_CLOSED = "OrderClosed"
    REFUND_REQUESTED = "RefundRequested"
    REFUND_SUCCEEDED = "RefundSucceeded"
    REFUND_STUCK = "RefundStuck"
    ISSUER_CONTRADICTED = "IssuerContradicted"


class Queue(StrEnum):
    """Where a step must go: the outbox relay sends it there."""

    RECHARGE = "recharge"
    REFUND = "refund"
    DUE = "due"
    REVIEW = "review"
    PRICES = "prices"
    """No step of an order: `PriceChanged`, by shards of subscribers."""


class AttemptStatus(StrEnum):
    """A payment attempt. STARTED is unknown: the channel may or may not hold the trade."""

    STARTED = "STARTED"
    PREPARED = "PREPARED"
    REFUSED = "REFUSED"
    CLOSED = "CLOSED"
    PAID = "PAID"


OPEN_ATTEMPT = frozenset({AttemptStatus.STARTED, AttemptStatus.PREPARED})


class RechargeStatus(StrEnum):
    """The issuer's part. SUBMITTING and UNKNOWN both mean: only a query tells. So does REFUSED while the
    order is RECHARGING, because an earlier submit may have arrived."""

    READY = "READY"
    SUBMITTING = "SUBMITTING"
    UNKNOWN = "UNKNOWN"
    ACCEPTED = "ACCEPTED"
    SUCCEEDED = "SUCCEEDED"
    REFUSED = "REFUSED"


class RefundStatus(StrEnum):
    REQUESTED = "REQUESTED"
    PROCESSING = "PROCESSING"
    SUCCEEDED = "SUCCEEDED"
    STUCK = "STUCK"
    """The channel will not or cannot pay it: a person must act."""


OPEN_REFUND = frozenset({RefundStatus.REQUESTED, RefundStatus.PROCESSING})
