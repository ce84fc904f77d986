"""What an order holds besides money: coupons (PY4, MK1) and the bills that it pays (OR9).

What becomes of them follows from the order's own transition, and `records.advance` puts it into the commit of
every step: no way to pay or end an order can forget it.

| the order becomes      | its coupons are | its bills and plan are |
|------------------------|-----------------|------------------------|
| placed                 | held            | held                   |
| paid, also to REVIEWING | redeemed       |                        |
| CLOSED, never paid     | released        | let go                 |
| FAILED, given back     | given back      | let go                 |
| SUCCEEDED              |                 | paid                   |

A late or second payment, and a refund that staff grant, change no state: nothing becomes of them then.
"""

from collections.abc import Sequence

from octane.bills import holding as bills
from octane.bills.plans import Plan
from octane.coupons import holding as coupons
from octane.kernel.clock import Instant
from octane.orders.model import Order
from octane.orders.states import OrderState
from octane.store.writes import Write

UNPAID = frozenset({OrderState.PENDING, OrderState.PAYING})


def take(
    order: Order, chosen: Sequence[coupons.Coupon], plan: Plan | None, now: Instant
) -> tuple[Write, ...]:
    """With the order's placement; raises what the holds of coupons, bills and the plan raise."""
    held = _bills(order)
    return (*coupons.hold(chosen, order.order_id), *(bills.hold(held, plan, now) if held else ()))


def follow(old: Order, new: Order, now: Instant) -> tuple[Write, ...]:
    """What becomes of all that an order holds when it goes from one state to another."""
    if new.state is old.state:
        return ()
    held = (old.user_id, old.coupon_ids, old.order_id)
    match new.state:
        case OrderState.REVIEWING | OrderState.RECHARGING if old.state in UNPAID:
            return coupons.redeem(*held)
        case OrderState.CLOSED:
            return (*coupons.release(*held), *_let_go(new))
        case OrderState.FAILED:
            return (*coupons.give_back(*held, now), *_let_go(new))
        case OrderState.SUCCEEDED:
            paid = _bills(new)
            return bills.paid(paid, now) if paid else ()
        case _:
            return ()


def _let_go(order: Order) -> tuple[Write, ...]:
    held = _bills(order)
    return bills.let_go(held, order.reason) if held else ()


def _bills(order: Order) -> bills.HeldBills | None:
    if order.biller is None:
        return None
    return bills.HeldBills(
        order.order_id,
        order.user_id,
        order.biller,
        order.account_tag,
        order.bill_parts,
        order.plan_id,
        order.instalments,
    )
