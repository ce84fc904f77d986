"""Time (OR3, OR4): what is due is an index, so that nothing is stranded even when every message is lost."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice

from octane.kernel.clock import Instant, later
from octane.orders.deps import Deps
from octane.orders.model import Dossier
from octane.orders.payment import ChannelSilentError, Closing, settle_payment
from octane.orders.recharge import check_recharge
from octane.orders.records import change, load
from octane.orders.refund import send_refund
from octane.orders.review import expire
from octane.orders.states import OPEN_REFUND, OrderState, Queue
from octane.store.items import DUE, DUE_SHARDS, Item, Query, Table
from octane.store.writes import ChangedMeanwhileError

PAGE = 100
MOST_PER_SHARD = 1_250
OVERDUE_MS = 3_600_000
"""An order whose channel still does not tell so long after it expired needs a person."""


def sweep_due(deps: Deps) -> int:
    """Send every order with something due to the due queue; return how many. It changes nothing itself."""
    now = deps.clock.now()
    due = (
        str(keys["pk"])
        for shard in range(DUE_SHARDS)
        for keys in islice(_due_in(deps, shard, now), MOST_PER_SHARD)
    )
    orders = list(dict.fromkeys(due))
    deps.queues.send(Queue.DUE, [{"order_id": order_id} for order_id in orders])
    deps.signals.count("DueSwept", orders=len(orders))
    return len(orders)


def _due_in(deps: Deps, shard: int, now: Instant) -> Iterator[Item]:
    """Each shard has its own share of a sweep: a silent channel fills one no more than another."""
    return deps.store.scan_pages(Query(Table.ORDERS, f"due{shard}", last=now, index=DUE, limit=PAGE))


def settle_due(deps: Deps, order_id: str) -> None:
    """Do what is due for one order. A duplicate message, or one that comes late, finds nothing due.

    What is owed back goes first, each refund on its own: nothing that keeps the order may keep them.
    """
    dossier, now = load(deps.store, order_id), deps.clock.now()
    due = [
        refund.no
        for refund in dossier.refunds
        if refund.status in OPEN_REFUND and refund.due_at is not None and refund.due_at <= now
    ]
    for no in due:
        _unless_overtaken(deps, order_id, partial(send_refund, deps, order_id, no))
    _unless_overtaken(
        deps, order_id, lambda: _settle_order(deps, load(deps.store, order_id) if due else dossier)
    )


def _unless_overtaken(deps: Deps, order_id: str, act: Callable[[], object]) -> None:
    try:
        act()
    except ChangedMeanwhileError:
        deps.signals.count("DueOvertaken", order_id=order_id)


def _settle_order(deps: Deps, dossier: Dossier) -> None:
    order, now = dossier.order, deps.clock.now()
    if order.due_at is None or order.due_at > now:
        return
    match order.state:
        case OrderState.PENDING | OrderState.PAYING:
            expired = now >= order.expires_at
            try:
                settle_payment(deps, dossier, by="schedule", closing=Closing("EXPIRED") if expired else None)
            except ChannelSilentError:
                waits = order._replace(
                    version=order.version + 1,
                    checks=order.checks + 1,
                    due_at=later(now, deps.settings.payment_query_ms),
                )
                deps.signals.count("ChannelSilent", order_id=order.order_id)
                if now - order.expires_at >= OVERDUE_MS:
                    deps.signals.count("PaymentOverdue", order_id=order.order_id)
                deps.store.commit(change(order, waits))
        case OrderState.REVIEWING:
            deps.store.commit(*expire(dossier, now))
        case OrderState.RECHARGING:
            check_recharge(deps, dossier)
        case _:
            return
