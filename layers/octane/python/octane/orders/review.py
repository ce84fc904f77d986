"""The money of an order that a person must look at (OR10, RK2): held when it is paid, and its hold ended
exactly once, in go or return. Who looks, and how, is the room `reviews`; whatever becomes of that, the
schedule returns the money at the deadline.

The review's item stands in its own table, opened with the payment, so that the list of reviews lacks none.
"""

from octane.audit.acts import record, system_act
from octane.kernel.clock import Instant, later
from octane.ledger import topup
from octane.ledger.entries import post
from octane.orders.deps import Deps
from octane.orders.model import LARGE_AMOUNT, Actor, Attempt, Dossier, Order, OrderStateError
from octane.orders.records import advance
from octane.orders.refund import open_refund
from octane.orders.states import Event, OrderState, Queue, RechargeStatus
from octane.store.items import Item, Key, Table
from octane.store.writes import Absent, OneOf, Put, Update, Write

EXPIRED = "REVIEW_EXPIRED"
REFUSED = "REVIEW_REFUSED"
"""Why a reviewed order has FAILED."""
OPEN_SHARD = "open"
OPEN = ("FACE", "WAITING", "CLAIMED")
EXPIRED_STATE = "EXPIRED"


def review_key(order_id: str) -> Key:
    return Key(Table.REVIEWS, order_id, "#REVIEW")


def hold(deps: Deps, order: Order, paid: Attempt, now: Instant) -> tuple[Order, Put]:
    """Return the order REVIEWING until its deadline, and its review."""
    deadline = later(now, deps.settings.review_ms)
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
    reviewing = order._replace(state=OrderState.REVIEWING, checks=0, due_at=deadline)
    return reviewing, Put(review_key(order.order_id), review, when=Absent())


def to_recharge(deps: Deps, order: Order, now: Instant) -> Order:
    """The order as its recharge may begin."""
    return order._replace(
        state=OrderState.RECHARGING,
        recharge=RechargeStatus.READY,
        recharging_at=now,
        checks=0,
        due_at=later(now, deps.settings.lease_ms),
    )


def release(deps: Deps, order: Order, because: str, now: Instant) -> tuple[Write, ...]:
    """Go: the hold ends, and the order is delivered like any other. Refused when it ended before."""
    _must_be_held(order)
    _, writes = advance(
        order,
        to_recharge(deps, order, now),
        Event.ORDER_RELEASED,
        at=now,
        by="staff",
        because=because,
        queue=Queue.RECHARGE,
    )
    return (*writes, post(topup.review_released(order.order_id, order.amount, now, because)))


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
