"""Paying bills."""

from typing import Annotated

from pydantic import Field

from octane.api.views import AmountFen, BillNo, Body, Coupons, Id
from octane.billers.port import BillPart
from octane.kernel.money import Fen
from octane.orders.wanted import MOST_BILLS, PlaceBillOrder


class BillToPay(Body):
    bill_no: BillNo
    amount_fen: AmountFen


Bills = Annotated[
    list[BillToPay],
    Field(default=[], max_length=MOST_BILLS, description="Different ones of the account."),
]


def parts_of(bills: list[BillToPay]) -> tuple[BillPart, ...]:
    return tuple(BillPart(bill.bill_no, Fen(bill.amount_fen)) for bill in bills)


class PlaceBillOrderBody(Body):
    """Bills, or a plan and how many of its instalments."""

    bill_account_id: Id
    bills: Bills
    plan_id: Id | None = None
    instalments: int = Field(default=0, json_schema_extra={"minimum": 0})
    coupon_ids: Coupons

    @property
    def wanted(self) -> PlaceBillOrder:
        return PlaceBillOrder(
            self.bill_account_id,
            parts_of(self.bills),
            self.plan_id or "",
            self.instalments,
            tuple(self.coupon_ids),
        )
