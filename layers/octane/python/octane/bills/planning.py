"""Make, read and cancel plans to pay a bill in monthly parts (OR9)."""

from typing import NamedTuple

from octane.billers.port import OwedBill
from octane.bills.accounts import BillAccountNotFoundError, account_key, account_of
from octane.bills.asking import BillerSilentError
from octane.bills.deps import BillDeps
from octane.bills.holding import BillInPaymentError
from octane.bills.moments import armed
from octane.bills.owed import owed_of
from octane.bills.plans import (
    LEAST_OWED,
    Plan,
    PlanBusyError,
    PlanNotFoundError,
    PlanState,
    PlanStateError,
    plan_item,
    plan_key,
    plan_of,
    schedule,
)
from octane.kernel.caller import Caller
from octane.kernel.clock import in_beijing
from octane.kernel.errors import KeyReusedError, StateError
from octane.kernel.ids import derive_id, digest_of
from octane.store.cursors import read_cursor, write_cursor
from octane.store.items import Key, Query, Table
from octane.store.replays import ReplayedError
from octane.store.store import Store, until_settled
from octane.store.writes import Absent, Is, Missing, Put, Update, all_of

PAGE = 20


class BillNotOwedError(StateError):
    code = "BILL_NOT_OWED"
    summary = "The account owes no such bill (any more); read what it owes again."


class BillNotInPartsError(StateError):
    code = "BILL_NOT_IN_PARTS"
    summary = "This bill is paid at once: its biller takes no such parts, or it is under 100 CNY."


class BillPlannedError(StateError):
    code = "BILL_PLANNED"
    summary = "A plan for this bill is under way; pay by it or cancel it first."


class PlanRequest(NamedTuple):
    bill_account_id: str
    bill_no: str
    instalments: int
    """2 to 12."""


class PlanPage(NamedTuple):
    plans: list[Plan]
    next_cursor: str | None


def claim_key(account_id: str, bill_account_id: str, bill_no: str) -> Key:
    return Key(Table.BILLS, f"USER#{account_id}", f"IN_PLAN#{bill_account_id}#{bill_no}")


def make_plan(deps: BillDeps, caller: Caller, request: PlanRequest, key: str) -> Plan:
    """Divide what is owed of a bill; the same key makes the same plan. Nothing is asked of the biller but
    what is owed: each instalment is an order that pays a part.

    Three AWS calls, one more where the bill was in a plan before. Raises `BillAccountNotFoundError`,
    `BillNotOwedError`, `BillInPaymentError`, `BillNotInPartsError`, `BillPlannedError`,
    `InstalmentsInvalidError`, `BillerSilentError`, `KeyReusedError`.
    """
    return until_settled(lambda: _make(deps, caller, request, key))


def _make(deps: BillDeps, caller: Caller, request: PlanRequest, key: str) -> Plan:
    account_id, now = caller.account_id, deps.clock.now()
    place = plan_key(account_id, derive_id("I", account_id, key))
    claimed_at = claim_key(account_id, request.bill_account_id, request.bill_no)
    digest = digest_of(request._asdict())
    keys = (place, account_key(account_id, request.bill_account_id), claimed_at)
    found = {str(item["sk"]): item for item in deps.store.batch_get(list(keys))}
    known, bound, claim = (found.get(each.sk) for each in keys)
    if known is not None:
        return _replayed(plan_of(known), digest)
    if bound is None:
        raise BillAccountNotFoundError
    account = account_of(bound)
    before = str(claim["plan_id"]) if claim else ""
    if before and get_plan(deps.store, account_id, before).state is PlanState.ACTIVE:
        raise BillPlannedError
    owes = owed_of(deps, account)
    if owes.stale:
        raise BillerSilentError
    if request.bill_no in owes.in_payment:
        raise BillInPaymentError
    bill = _bill(owes.owed.bills, request.bill_no)
    parts = schedule(bill.owed, request.instalments, in_beijing(now).date())
    if not bill.partial or bill.owed < LEAST_OWED or parts[-1].amount < bill.minimum:
        raise BillNotInPartsError
    plan = Plan(
        place.sk.removeprefix("PLAN#"),
        account_id,
        account.bill_account_id,
        account.biller,
        account.tag,
        account.account_masked,
        bill.bill_no,
        bill.period,
        parts,
        caller.user_id,
        now,
        digest,
    )
    try:
        deps.store.commit(
            Put(place, {**plan_item(plan), **armed(plan, now)}, when=Absent(), otherwise=ReplayedError()),
            Put(claimed_at, {"plan_id": plan.plan_id}, when=Is("plan_id", before) if before else Absent()),
        )
    except ReplayedError:
        return _replayed(get_plan(deps.store, account_id, plan.plan_id), digest)
    return plan


def _replayed(plan: Plan, digest: str) -> Plan:
    if plan.digest != digest:
        raise KeyReusedError
    return plan


def _bill(bills: tuple[OwedBill, ...], bill_no: str) -> OwedBill:
    for bill in bills:
        if bill.bill_no == bill_no:
            return bill
    raise BillNotOwedError


def get_plan(store: Store, account_id: str, plan_id: str) -> Plan:
    """Return one's own plan; another's does not exist for one."""
    item = store.get(plan_key(account_id, plan_id))
    if item is None:
        raise PlanNotFoundError
    return plan_of(item)


def list_plans(store: Store, account_id: str, limit: int = PAGE, cursor: str | None = None) -> PlanPage:
    """An account's plans, in no order that means anything. One AWS call. Raises `CursorInvalidError`."""
    partition = f"USER#{account_id}"
    after = read_cursor(cursor, partition, first="PLAN#", last="PLAN#~")
    page = store.query(Query(Table.BILLS, partition, "PLAN#", "PLAN#~", limit=limit, after=after))
    return PlanPage([plan_of(item) for item in page.items], write_cursor(page.cursor))


def cancel_plan(store: Store, account_id: str, plan_id: str) -> None:
    """Let a plan go; what is paid stays paid, and a cancelled one is left as it is. Two AWS calls.

    Raises `PlanNotFoundError`, `PlanBusyError` while an order of it is open, `PlanStateError` when all is
    paid.
    """

    def settle() -> None:
        plan = get_plan(store, account_id, plan_id)
        if plan.is_cancelled:
            return
        if plan.state is PlanState.DONE:
            raise PlanStateError
        if plan.order_id:
            raise PlanBusyError
        as_read = all_of(Is("state", PlanState.ACTIVE.value), Is("paid", plan.paid), Missing("order_id"))
        store.commit(
            Update(
                plan_key(account_id, plan_id),
                when=as_read,
                assign={"state": PlanState.CANCELLED.value},
                remove=("due_shard", "due_at"),
            )
        )

    until_settled(settle)
