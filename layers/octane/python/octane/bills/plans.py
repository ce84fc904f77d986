"""A plan to pay a bill in monthly parts (OR9). Pure values: nothing here reads or writes.

| key (table bills)                    | item                                                               |
|--------------------------------------|--------------------------------------------------------------------|
| `USER#<account>` / `PLAN#<plan_id>`  | the parts, how many are paid, the open order; in DUE: reminders    |
| `USER#<account>` / `IN_PLAN#…`       | which plan a bill is in: one that is under way at a time           |
"""

from calendar import monthrange
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from octane.billers.names import Biller
from octane.billers.port import BillPart
from octane.kernel.clock import Instant
from octane.kernel.errors import InputError, NotFoundError, StateError
from octane.kernel.money import Fen
from octane.store.items import Item, Key, Table

FEWEST, MOST = 2, 12
LEAST_OWED = Fen(10_000)
"""Less is not paid in parts."""
YEAR_MONTHS = 12


class PlanNotFoundError(NotFoundError):
    code = "BILL_PLAN_NOT_FOUND"
    summary = "There is no such plan, or it is not yours."


class PlanBusyError(StateError):
    code = "PLAN_BUSY"
    summary = (
        "An order of this plan is open, or the plan has just changed; finish or cancel that order first."
    )


class PlanStateError(StateError):
    code = "PLAN_STATE"
    summary = "The plan is paid or cancelled."


class InstalmentsInvalidError(InputError):
    code = "INSTALMENTS_INVALID"
    summary = "A plan has 2 to 12 instalments, and no more can be paid than are left."


class PlanState(StrEnum):
    ACTIVE = "ACTIVE"
    DONE = "DONE"
    CANCELLED = "CANCELLED"


class Instalment(NamedTuple):
    amount: Fen
    due_on: date
    """A day in Beijing."""


class Plan(NamedTuple):
    plan_id: str
    account_id: str
    bill_account_id: str
    biller: Biller
    account_tag: str
    account_masked: str
    bill_no: str
    period: str
    instalments: tuple[Instalment, ...]
    made_by: str
    """The person who is reminded."""
    made_at: Instant
    digest: str
    """Of the request that made it (OR2)."""
    paid: int = 0
    """How many are paid, the first ones."""
    is_cancelled: bool = False
    order_id: str = ""
    """The open order that pays some of it."""
    last_order_id: str = ""
    failure: str = ""
    """Why the last order of it ended unpaid or was given back; the biller's code where it refused."""
    due_at: Instant | None = None
    """When somebody must be reminded next."""

    @property
    def state(self) -> PlanState:
        if self.is_cancelled:
            return PlanState.CANCELLED
        return PlanState.DONE if self.paid >= len(self.instalments) else PlanState.ACTIVE

    @property
    def left(self) -> int:
        """Instalments to be paid."""
        return 0 if self.is_cancelled else max(len(self.instalments) - self.paid, 0)

    @property
    def amount(self) -> Fen:
        return Fen(sum(each.amount for each in self.instalments))


def plan_key(account_id: str, plan_id: str) -> Key:
    return Key(Table.BILLS, f"USER#{account_id}", f"PLAN#{plan_id}")


def due_parts(plan: Plan, instalments: int) -> tuple[BillPart, ...]:
    """What to pay for the next `instalments`, all that are left being the early pay-off: one part, as all
    of them are of one bill. Raises `PlanStateError`, `PlanBusyError` (an order is open),
    `InstalmentsInvalidError`."""
    if plan.state is not PlanState.ACTIVE:
        raise PlanStateError
    if plan.order_id:
        raise PlanBusyError
    if isinstance(instalments, bool) or not 1 <= instalments <= plan.left:
        raise InstalmentsInvalidError
    due = plan.instalments[plan.paid : plan.paid + instalments]
    return (BillPart(plan.bill_no, Fen(sum(each.amount for each in due))),)


def schedule(owed: Fen, count: int, first: date) -> tuple[Instalment, ...]:
    """Equal parts, the odd fen on the first; each is due a month after the one before, the first at once.
    Of a 31st a shorter month has its last day."""
    if isinstance(count, bool) or not FEWEST <= count <= MOST:
        raise InstalmentsInvalidError
    part, odd = divmod(owed, count)
    return tuple(Instalment(Fen(part if no else part + odd), months_after(first, no)) for no in range(count))


def months_after(day: date, months: int) -> date:
    year, month = divmod(day.year * YEAR_MONTHS + day.month - 1 + months, YEAR_MONTHS)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def plan_item(plan: Plan) -> Item:
    """What is kept of a plan that begins."""
    return {
        "bill_account_id": plan.bill_account_id,
        "biller": plan.biller.value,
        "account_tag": plan.account_tag,
        "account_masked": plan.account_masked,
        "bill_no": plan.bill_no,
        "period": plan.period,
        "amounts": [int(each.amount) for each in plan.instalments],
        "due_on": [each.due_on.isoformat() for each in plan.instalments],
        "made_by": plan.made_by,
        "made_at": plan.made_at,
        "digest": plan.digest,
        "paid": plan.paid,
        "state": PlanState.ACTIVE.value,
    }


def plan_of(item: Item) -> Plan:
    """Read a plan back from the table. That it is DONE its count says, not a word of its own: whoever pays
    the last instalment need not know that it is the last."""
    amounts, days, due = item["amounts"], item["due_on"], item.get("due_at")
    if not isinstance(amounts, list) or not isinstance(days, list):
        raise TypeError(item["sk"])
    return Plan(
        plan_id=str(item["sk"]).removeprefix("PLAN#"),
        account_id=str(item["pk"]).removeprefix("USER#"),
        bill_account_id=str(item["bill_account_id"]),
        biller=Biller(str(item["biller"])),
        account_tag=str(item["account_tag"]),
        account_masked=str(item["account_masked"]),
        bill_no=str(item["bill_no"]),
        period=str(item["period"]),
        instalments=tuple(
            Instalment(Fen(int(str(amount))), date.fromisoformat(str(day)))
            for amount, day in zip(amounts, days, strict=True)
        ),
        made_by=str(item["made_by"]),
        made_at=Instant(int(str(item["made_at"]))),
        digest=str(item["digest"]),
        paid=int(str(item["paid"])),
        is_cancelled=item["state"] == PlanState.CANCELLED.value,
        order_id=str(item.get("order_id", "")),
        last_order_id=str(item.get("last_order_id", "")),
        failure=str(item.get("failure", "")),
        due_at=None if due is None else Instant(int(str(due))),
    )
