"""Placing and paying in one call, the amount in yuan."""

from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from octane.api.views import Body, Coupons, Id
from octane.api.views.bill_orders import Bills, parts_of
from octane.channels.port import PaymentMethod
from octane.orders.quick_pay import QuickPay
from octane.orders.wanted import PlaceBillOrder


def _whole_yuan(value: object) -> object:
    """JSON writes 100 yuan as an integer; `true` is none."""
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


Yuan = Annotated[
    Decimal,
    BeforeValidator(_whole_yuan),
    Field(description="Yuan, a JSON number with at most two decimals.", examples=[19.99]),
    WithJsonSchema({"type": "number", "minimum": 0.01, "multipleOf": 0.01}),
]
"""Strict decimals come from JSON numbers only, which the schema that pydantic derives does not say."""


class CreatePayment(Body):
    """The call that the product's brief names: place an order and start its payment at once. An amount for a
    card, or bills of an account."""

    userId: Id
    amount: Yuan | None = None
    paymentMethod: Annotated[PaymentMethod, Field(strict=False)]
    cardId: Id | None = None
    billAccountId: Id | None = None
    bills: Bills
    couponIds: Coupons

    @property
    def wanted(self) -> QuickPay:
        coupons, bills = tuple(self.couponIds), None
        if self.billAccountId or self.bills:
            bills = PlaceBillOrder(self.billAccountId or "", parts_of(self.bills), coupon_ids=coupons)
        return QuickPay(self.userId, self.amount, self.paymentMethod, self.cardId, bills, coupons)
