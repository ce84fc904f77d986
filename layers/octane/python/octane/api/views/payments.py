"""Starting a payment."""

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from octane.api.views import Body, Id, View
from octane.api.views.orders import OrderView
from octane.channels.port import PaymentMethod

if TYPE_CHECKING:
    from octane.orders.pay import StartedPayment


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


class PayOrder(Body):
    method: Annotated[PaymentMethod, Field(strict=False)]


class CreatePayment(Body):
    """The call that the product's brief names: place an order and start its payment at once."""

    userId: Id
    amount: Yuan
    paymentMethod: Annotated[PaymentMethod, Field(strict=False)]
    cardId: Id | None = None


class PaymentView(View):
    method: PaymentMethod
    out_trade_no: str
    parameters: dict[str, str] = Field(
        description="For WECHAT_JSAPI the parameters of wx.requestPayment; for WECHAT_NATIVE the code_url."
    )


class StartedPaymentView(View):
    order: OrderView
    payment: PaymentView

    @classmethod
    def of(cls, started: "StartedPayment") -> "StartedPaymentView":
        return cls(
            order=OrderView.of(started.dossier.order),
            payment=PaymentView(
                method=started.attempt.method,
                out_trade_no=started.attempt.out_trade_no,
                parameters=started.parameters,
            ),
        )
