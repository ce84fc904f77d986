"""Plans to pay a bill in monthly parts."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from octane.api.views import BillNo, Body, Id, View
from octane.billers.names import Biller
from octane.bills.plans import FEWEST, MOST, PlanState
from octane.kernel.clock import rfc3339

if TYPE_CHECKING:
    from octane.bills.plans import Plan


class MakeBillPlan(Body):
    bill_account_id: Id
    bill_no: BillNo
    instalments: Annotated[int, Field(examples=[6], json_schema_extra={"minimum": FEWEST, "maximum": MOST})]


class InstalmentView(View):
    no: int
    amount_fen: int
    due_on: str = Field(description="A day in Beijing.")
    paid: bool


class BillPlanView(View):
    plan_id: str
    bill_account_id: str
    biller: Biller
    account_masked: str
    bill_no: str
    period: str
    state: PlanState
    amount_fen: int
    paid_fen: int
    instalments: list[InstalmentView]
    order_id: str | None = Field(description="The open order that pays some of it: one at a time.")
    last_order_id: str | None
    failure: str | None = Field(
        description="Why its last order was not delivered: the biller's code where it refused, as when the "
        "bill was paid elsewhere; that money goes back."
    )
    made_at: str

    @classmethod
    def of(cls, plan: "Plan") -> "BillPlanView":
        parts = enumerate(plan.instalments)
        return cls(
            plan_id=plan.plan_id,
            bill_account_id=plan.bill_account_id,
            biller=plan.biller,
            account_masked=plan.account_masked,
            bill_no=plan.bill_no,
            period=plan.period,
            state=plan.state,
            amount_fen=plan.amount,
            paid_fen=sum(each.amount for each in plan.instalments[: plan.paid]),
            instalments=[
                InstalmentView(
                    no=no + 1, amount_fen=each.amount, due_on=each.due_on.isoformat(), paid=no < plan.paid
                )
                for no, each in parts
            ],
            order_id=plan.order_id or None,
            last_order_id=plan.last_order_id or None,
            failure=plan.failure or None,
            made_at=rfc3339(plan.made_at),
        )


class BillPlanList(View):
    plans: list[BillPlanView]
    next_cursor: str | None
