"""An order of bills: what its request may ask for, what it needs read, and what it becomes (OR9). Apart from
`wanted`, which loads it for such orders only."""

from collections import Counter

from octane.billers.port import BILL_NO, BillPart
from octane.bills.accounts import BillAccountNotFoundError, account_key, account_of
from octane.bills.plans import Plan, PlanNotFoundError, due_parts, plan_key, plan_of
from octane.kernel.errors import InputError
from octane.kernel.money import Fen, fen
from octane.kernel.settings import Settings
from octane.orders.model import Order
from octane.orders.wanted import MOST_BILLS, Filled, Found, PlaceBillOrder, within_limit
from octane.store.items import Key


class BillsInvalidError(InputError):
    code = "BILLS_INVALID"
    summary = "Name 1 to 20 different bills of one account, or a plan and how many of its instalments."


def check(wanted: PlaceBillOrder, settings: Settings) -> None:
    """Raises `BillsInvalidError`, `AmountInvalidError`, `AmountOverLimitError`."""
    by_plan = wanted.plan_id and wanted.instalments > 0 and not wanted.parts
    by_bill = wanted.parts and not (wanted.plan_id or wanted.instalments)
    if not by_plan and not by_bill:
        raise BillsInvalidError
    _total(wanted.parts, settings)


def keys(wanted: PlaceBillOrder, account_id: str) -> list[Key]:
    of_plan = [plan_key(account_id, wanted.plan_id)] if wanted.plan_id else []
    return [account_key(account_id, wanted.bill_account_id), *of_plan]


def filled(order: Order, wanted: PlaceBillOrder, found: Found, settings: Settings) -> Filled:
    """Raises `BillAccountNotFoundError`, `PlanNotFoundError`, and what `plans.due_parts` raises."""
    item = found.at(account_key(order.user_id, wanted.bill_account_id))
    if item is None:
        raise BillAccountNotFoundError
    account, plan, parts = account_of(item), None, wanted.parts
    if wanted.plan_id:
        plan = _plan(found, order.user_id, wanted)
        parts = due_parts(plan, wanted.instalments)
    whole = order._replace(
        amount=_total(parts, settings),
        biller=account.biller,
        bill_account_id=account.bill_account_id,
        account_tag=account.tag,
        account_no=account.account_no,
        account_masked=account.account_masked,
        bills=" ".join(f"{part.bill_no}={part.amount}" for part in parts),
        plan_id=wanted.plan_id,
        instalments=wanted.instalments,
    )
    return Filled(whole, plan=plan)


def _plan(found: Found, account_id: str, wanted: PlaceBillOrder) -> Plan:
    item = found.at(plan_key(account_id, wanted.plan_id))
    plan = None if item is None else plan_of(item)
    if plan is None or plan.bill_account_id != wanted.bill_account_id:
        raise PlanNotFoundError
    return plan


def _total(parts: tuple[BillPart, ...], settings: Settings) -> Fen:
    """What bills come to: each at least 1 fen, none of them twice."""
    numbers = Counter(part.bill_no for part in parts)
    if len(parts) > MOST_BILLS or len(numbers) < len(parts):
        raise BillsInvalidError
    if not all(BILL_NO.fullmatch(bill_no) for bill_no in numbers):
        raise BillsInvalidError
    return within_limit(Fen(sum(fen(part.amount) for part in parts)), settings)
