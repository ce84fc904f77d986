"""The money of an order that a person must look at (OR10, RK2): held when it is paid, and its hold ended
exactly once, in go or return. Who looks, and how, is the room `reviews`; whatever becomes of that, the
schedule returns the money at the deadline.

The review's item stands in its own table, opened with the payment, so that the list of reviews lacks none.
"""

from octane.audit.acts import record, system_act
from octane.kernel.clock import Instant, later
from octane.kernel.money import Fen
from octane.ledger import topup
from octane.ledger.accounts import channel_receivable, wallet
from octane.ledger.entries import Entry, post
from octane.orders.deps import Deps
from octane.orders.model import Actor, Attempt, Dossier, Order, OrderStateError
from octane.orders.records import advance
from octane.orders.refund import open_refund
from octane.orders.states import Event, OrderState, Queue, RechargeStatus
from octane.store.items import Item, Key, Table
from octane.store.writes import Absent, OneOf, Put, Update, Write

LARGE_AMOUNT = "LARGE_AMOUNT"
RISK = "RISK"
"""Why an order is reviewed."""
EXPIRED = "REVIEW_EXPIRED"
REFUSED = "REVIEW_REFUSED"
"""Why it has FAILED."""
OPEN_SHARD = "open"
OPEN = ("FACE", "WAITING", "CLAIMED")
EXPIRED_STATE = "EXPIRED"


def review_key(order_id: str) -> Key:
    return Key(Table.REVIEWS, order_id, "#REVIEW")


def received(order: Order, paid: Attempt, now: Instant) -> Entry:
    """The entry of an order's payment."""
    parts = {channel_receivable(paid.method.channel): paid.paid, wallet(order.user_id): paid.wallet}
    return topup.payment_received(
        order.order_id,
        paid.out_trade_no,
        parts,
        paid.paid_at or now,
        now,
        paid.transaction_id,
        paid.payer_id,
        held=bool(order.review),
    )


def hold(
    deps: Deps, order: Order, paid: Attempt, because: str, now: Instant
) -> tuple[Order, tuple[Write, ...]]:
    """Return the order REVIEWING until its deadline, and the writes: order, step (to the review queue),
    entry, review."""
    deadline = later(now, deps.settings.review_ms)
    reviewing = order._replace(
        state=OrderState.REVIEWING,
        attempt_no=paid.no,
        captured=Fen(paid.paid + paid.wallet),
        checks=0,
        due_at=deadline,
    )
    new, writes = advance(
        order,
        reviewing,
        Event.ORDER_HELD,
        at=now,
        by="channel" if paid.paid else "customer",
        because=because,
        queue=Queue.REVIEW,
    )
    needed = 2 if order.amount > deps.settings.two_reviewers_limit else 1
    review: Item = {
        "state": "FACE" if order.review == LARGE_AMOUNT else "WAITING",
        "version": 1,
        "why": order.review,
        "amount": order.amount,
        "account_id": order.user_id,
        "placed_by": order.placed_by or order.user_id,
        "paid_by": paid.started_by or order.user_id,
        "needed": needed,
        "opened_at": now,
        "expires_at": deadline,
        "open_shard": OPEN_SHARD,
        "opened_key": f"{now:015d}#{order.order_id}",
    }
    opened = Put(review_key(order.order_id), review, when=Absent())
    return new, (*writes, post(received(order, paid, now)), opened)


def release(deps: Deps, order: Order, because: str, now: Instant) -> tuple[Write, ...]:
    """Go: the hold ends, and the order is delivered like any other. Refused when it ended before."""
    _must_be_held(order)
    recharging = order._replace(
        state=OrderState.RECHARGING,
        recharge=RechargeStatus.READY,
        recharging_at=now,
        checks=0,
        due_at=later(now, deps.settings.lease_ms),
    )
    _, writes = advance(
        order,
        recharging,
        Event.ORDER_RELEASED,
        at=now,
        by="staff",
        because=because,
        queue=Queue.RECHARGE,
    )
    return (*writes, post(topup.review_released(order.order_id, order.captured, now, because)))


def give_back(dossier: Dossier, reason: str, by: Actor, now: Instant) -> tuple[Write, ...]:
    """Return: the hold ends, and the money goes back to where it came from. Refused when it ended before."""
    order = dossier.order
    _must_be_held(order)
    failed = order._replace(state=OrderState.FAILED, due_at=None, reason=reason)
    _, writes = open_refund(
        dossier,
        failed,
        dossier.paid_attempt,
        order.captured,
        reason,
        now,
        event=Event.ORDER_FAILED,
        by=by,
    )
    return writes


def expire(dossier: Dossier, now: Instant) -> tuple[Write, ...]:
    """Return at the deadline, and end the review with it."""
    order_id = dossier.order.order_id
    over = Update(
        review_key(order_id),
        when=OneOf("state", OPEN),
        assign={"state": EXPIRED_STATE, "reason": EXPIRED},
        add={"version": 1},
        remove=("open_shard", "token"),
    )
    act = system_act("expire_review", order_id, EXPIRED, now, reason=EXPIRED)
    return (*give_back(dossier, EXPIRED, "schedule", now), over, record(act))


def _must_be_held(order: Order) -> None:
    if order.state is not OrderState.REVIEWING:
        raise OrderStateError(f"The money of an order that is {order.state} is not held.")
