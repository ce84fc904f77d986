"""Starting a payment."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from octane.api.views import Body, View
from octane.api.views.orders import OrderView
from octane.channels.port import PaymentMethod

if TYPE_CHECKING:
    from octane.orders.pay import StartedPayment


class PayOrder(Body):
    method: Annotated[PaymentMethod, Field(strict=False)]


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
