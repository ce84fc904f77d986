"""Time (OR3, OR4): what is due is an index, so that nothing is stranded even when every message is lost."""

from itertools import islice

from octane.kernel.clock import later
from octane.orders.deps import Deps
from octane.orders.model import Dossier
from octane.orders.payment import ChannelSilentError, settle_payment
from octane.orders.recharge import check_recharge
from octane.orders.records import change, load
from octane.orders.refund import send_refund
from octane.orders.states import OPEN_REFUND, OrderState, Queue
from octane.store.items import DUE, DUE_SHARDS, Query, Table
from octane.store.writes import ChangedMeanwhileError

PAGE = 100
MOST_PER_SWEEP = 5_000


def sweep_due(deps: Deps) -> int:
    """Send every order with something due to the due queue; return how many. It changes nothing itself."""
    now = deps.clock.now()
    due = (
        str(keys["pk"])
        for shard in range(DUE_SHARDS)
        for keys in deps.store.scan_pages(Query(Table.ORDERS, f"due{shard}", last=now, index=DUE, limit=PAGE))
    )
    orders = list(dict.fromkeys(islice(due, MOST_PER_SWEEP)))
    deps.queues.send(Queue.DUE, [{"order_id": order_id} for order_id in orders])
    deps.signals.count("DueSwept", orders=len(orders))
    return len(orders)


def settle_due(deps: Deps, order_id: str) -> None:
    """Do what is due for one order. A duplicate message, or one that comes late, finds nothing due."""
    dossier = load(deps.store, order_id)
    try:
        _settle_order(deps, dossier)
        for refund in dossier.refunds:
            if (
                refund.status in OPEN_REFUND
                and refund.due_at is not None
                and refund.due_at <= deps.clock.now()
            ):
                send_refund(deps, order_id, refund.no)
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
                settle_payment(deps, dossier, by="schedule", closing="EXPIRED" if expired else "")
            except ChannelSilentError:
                waits = order._replace(
                    version=order.version + 1,
                    checks=order.checks + 1,
                    due_at=later(now, deps.settings.payment_query_ms),
                )
                deps.signals.count("ChannelSilent", order_id=order.order_id)
                deps.store.commit(change(order, waits))
        case OrderState.RECHARGING:
            check_recharge(deps, dossier)
        case _:
            return
