"""What a payment attempt holds while it is open, and gives back when it ends unpaid: the channel's quota and
the wallet's part."""

from octane.kernel.clock import Instant, later
from octane.kernel.errors import OctaneError, StateError, UnavailableError
from octane.kernel.money import Fen
from octane.ledger import balances
from octane.ledger.accounts import wallet
from octane.ledger.balances import HoldState
from octane.orders.deps import Deps
from octane.orders.model import Attempt, Dossier, Order
from octane.orders.records import change_attempt
from octane.orders.states import AttemptStatus
from octane.routing.quota import Reservation, releasing
from octane.store.writes import Write

SHARD = 0
"""A customer's wallet is no hot account: one shard."""


class PaymentInProgressError(StateError):
    code = "PAYMENT_IN_PROGRESS"
    summary = "Another payment of this order is open; finish it, or cancel the order."


class PaymentRefusedError(OctaneError):
    """Definite: the channel took nothing, and the order can be paid again."""

    code = "PAYMENT_REFUSED"
    status = 422
    summary = "The payment channel refused; nothing was taken, choose another way to pay."


class PaymentUnknownError(UnavailableError):
    """The channel may hold the trade; the same request, sent again, continues it under the same number."""

    code = "PAYMENT_UNKNOWN"
    status = 504
    summary = "The payment channel did not answer in time; send the same request again."


def hold_wallet(user_id: str, attempt_no: str, amount: Fen) -> tuple[Write, ...]:
    """Set the wallet's part aside, or raise `InsufficientBalanceError`."""
    return balances.hold(wallet(user_id), SHARD, attempt_no, amount) if amount else ()


def spend_held(order: Order, attempt: Attempt) -> tuple[Write, ...]:
    """The channel took its part: the wallet's part is spent with it."""
    return _settle(order, attempt, HoldState.POSTED)


def give_back(order: Order, attempt: Attempt, now: Instant, *, quota: bool = True) -> tuple[Write, ...]:
    """Release what an open attempt holds; an ended one holds nothing.

    The quota stays used when the channel did take money, be it the wrong amount.
    """
    if not attempt.is_open:
        return ()
    writes = _settle(order, attempt, HoldState.VOIDED)
    if quota and attempt.quota:
        writes += releasing(Reservation.of_text(attempt.quota), now)
    return writes


def _settle(order: Order, attempt: Attempt, outcome: HoldState) -> tuple[Write, ...]:
    if not attempt.wallet:
        return ()
    account = wallet(order.user_id)
    return balances.settle_hold(account, SHARD, attempt.out_trade_no, attempt.wallet, outcome)


def end_unpaid(
    order: Order, attempt: Attempt, status: AttemptStatus, now: Instant, reference: str = ""
) -> tuple[Attempt, tuple[Write, ...]]:
    """End an attempt with proof that nothing was and will be taken: REFUSED or CLOSED."""
    ended = attempt._replace(status=status, reference=reference or attempt.reference, ended_at=now)
    return ended, (change_attempt(attempt, ended), *give_back(order, attempt, now))


def with_attempt(dossier: Dossier, attempt: Attempt, order: Order | None = None) -> Dossier:
    """The dossier with one attempt (and the order) as it is now."""
    attempts = tuple(attempt if known.no == attempt.no else known for known in dossier.attempts)
    return dossier._replace(order=order or dossier.order, attempts=attempts)


def call_under_way(deps: Deps, attempt: Attempt, wait_ms: int) -> bool:
    """Whether a process may still be calling the channel for this attempt, after at most `wait_ms`."""
    return deps.clock.now() < later(attempt.called_at or attempt.started_at, wait_ms)
