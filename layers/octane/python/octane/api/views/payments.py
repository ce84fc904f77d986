"""Starting a payment."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from octane.api.views import Body, View
from octane.api.views.orders import OrderView
from octane.channels.port import PaymentMethod
from octane.routing.rules import Platform

if TYPE_CHECKING:
    from octane.orders.pay import StartedPayment


class PayOrder(Body):
    """A method, or a platform: then the best channel for it is found."""

    method: Annotated[PaymentMethod | None, Field(strict=False)] = None
    platform: Annotated[Platform | None, Field(strict=False)] = None
    wallet_fen: int = Field(
        default=0,
        description="What the caller's balance gives; the channel collects the rest.",
        json_schema_extra={"minimum": 0},
    )


class PaymentView(View):
    method: PaymentMethod
    out_trade_no: str
    amount_fen: int = Field(description="What the channel collects.")
    wallet_fen: int = Field(description="What the balance gives.")
    parameters: dict[str, str] = Field(
        description=(
            "What the app needs to pay: for WECHAT_JSAPI the parameters of wx.requestPayment, for "
            "WECHAT_NATIVE code_url, for ALIPAY_NATIVE qr_code, for UNIONPAY_APP tn; for WALLET_BALANCE "
            "nothing."
        )
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
                amount_fen=started.attempt.amount,
                wallet_fen=started.attempt.wallet,
                parameters=started.parameters,
            ),
        )
