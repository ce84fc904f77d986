"""What an order holds of the bills it pays: each bill is in the payment of one open order only (OR9).

| key (table bills)                                | item                                               |
|--------------------------------------------------|----------------------------------------------------|
| `BILL#<biller>#<account tag>` / `HELD#<bill no>` | the order that is paying it, whose, since when     |

Every function returns writes for the order's own commit, each on its order's name: repeated, late or for an
order that holds nothing any more they take nothing from another order.
"""

from typing import NamedTuple

from octane.billers.names import Biller
from octane.billers.port import BillPart
from octane.bills.accounts import account_id_of, paid_key
from octane.bills.asking import bills_of, outdated
from octane.bills.plans import Plan, PlanBusyError, PlanState, plan_key
from octane.kernel.clock import Instant
from octane.kernel.errors import StateError
from octane.store.items import Item, Key, Table
from octane.store.writes import (
    ANYWAY,
    Absent,
    Delete,
    Is,
    Missing,
    Put,
    Update,
    Write,
    all_of,
    any_of,
)

HELD = "HELD#"


class BillInPaymentError(StateError):
    code = "BILL_IN_PAYMENT"
    summary = "Another order is paying this bill; finish or cancel it first."


class HeldBills(NamedTuple):
    """What an order pays: all of it the order itself knows, at each of its steps."""

    order_id: str
    account_id: str
    """Whose order, accounts and plans: a person's or an enterprise's id."""
    biller: Biller
    account_tag: str
    parts: tuple[BillPart, ...]
    plan_id: str = ""
    instalments: int = 0
    """How many of the plan this order pays; 0 without a plan."""


def held_key(biller: Biller, account_tag: str, bill_no: str) -> Key:
    return Key(Table.BILLS, bills_of(biller, account_tag), f"{HELD}{bill_no}")


def hold(held: HeldBills, plan: Plan | None, now: Instant) -> tuple[Write, ...]:
    """With the order's placement. Raises `BillInPaymentError` when another order holds a bill,
    `PlanBusyError` when another order of the plan is open, or was paid since `plan` was read: the parts
    came from what was read."""
    mine = any_of(Absent(), Is("order_id", held.order_id))
    item: Item = {
        "order_id": held.order_id,
        "account_id": held.account_id,
        "held_at": now,
    }
    bills = [Put(key, item, when=mine, otherwise=BillInPaymentError()) for key in _keys(held)]
    if plan is None:
        return tuple(bills)
    as_read = all_of(
        Is("state", PlanState.ACTIVE.value),
        Is("paid", plan.paid),
        any_of(Missing("order_id"), Is("order_id", held.order_id)),
    )
    bound = Update(
        plan_key(plan.account_id, plan.plan_id),
        when=as_read,
        assign={"order_id": held.order_id, "last_order_id": held.order_id},
        otherwise=PlanBusyError(),
    )
    return *bills, bound


def let_go(held: HeldBills, because: str = "") -> tuple[Write, ...]:
    """With the order's end without delivery (CLOSED, FAILED); `because` is the order's reason: the plan
    shows it."""
    freed = _freed(held)
    if not held.plan_id:
        return freed
    unbound = Update(
        plan_key(held.account_id, held.plan_id),
        when=Is("order_id", held.order_id),
        assign={"failure": because},
        remove=("order_id",),
    )
    return *freed, unbound


def paid(held: HeldBills, now: Instant) -> tuple[Write, ...]:
    """With the order's success: the bills are let go, so many more instalments of the plan are paid, and
    what the biller said before is not shown as fresh any more."""
    last: Item = {
        "order_id": held.order_id,
        "amount": sum(part.amount for part in held.parts),
        "paid_at": now,
    }
    bill_account_id = account_id_of(held.account_id, held.biller, held.account_tag)
    written: tuple[Write, ...] = (
        *_freed(held),
        Put(paid_key(held.account_id, bill_account_id), last, when=ANYWAY),
        outdated(held.biller, held.account_tag, now),
    )
    if not held.plan_id:
        return written
    advanced = Update(
        plan_key(held.account_id, held.plan_id),
        when=Is("order_id", held.order_id),
        add={"paid": held.instalments},
        remove=("order_id", "failure"),
    )
    return *written, advanced


def _keys(held: HeldBills) -> list[Key]:
    return [held_key(held.biller, held.account_tag, part.bill_no) for part in held.parts]


def _freed(held: HeldBills) -> tuple[Write, ...]:
    """A hold that is gone already ends the order all the same; another order's stays."""
    mine = any_of(Absent(), Is("order_id", held.order_id))
    return tuple(Delete(key, when=mine) for key in _keys(held))
