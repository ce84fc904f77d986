"""What clients see: times in RFC 3339, amounts in fen, numbers masked."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from octane.cards.cards import Card
from octane.channels.port import PaymentMethod
from octane.identity.sessions import Session
from octane.identity.users import User
from octane.issuers.cards import mask_card
from octane.kernel.clock import rfc3339
from octane.orders.model import Dossier, Order, Refund, Step
from octane.orders.pay import StartedPayment
from octane.orders.states import OrderState, RefundStatus


class Body(BaseModel):
    """A request body: exact types, no unknown fields."""

    model_config = ConfigDict(extra="forbid", strict=True)


class View(BaseModel):
    model_config = ConfigDict(extra="forbid")


Text = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f<>]+$")]
Code = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[\x21-\x7e]+$")]
Id = Annotated[str, Field(min_length=26, max_length=26, pattern=r"^[A-Z2-7]+$")]
AmountFen = Annotated[int, Field(description="Fen; 1 CNY is 100 fen.", examples=[10000])]


class UserView(View):
    user_id: str
    phone: str | None
    role: str

    @classmethod
    def of(cls, user: User) -> "UserView":
        return cls(user_id=user.user_id, phone=user.phone_masked, role=user.role.value)


class SessionView(View):
    access_token: str
    refresh_token: str
    expires_in: int = Field(description="Seconds until the access token expires.")
    user: UserView

    @classmethod
    def of(cls, session: Session) -> "SessionView":
        return cls(
            access_token=session.access_token,
            refresh_token=session.refresh_token,
            expires_in=session.expires_in,
            user=UserView.of(session.user),
        )


class CardView(View):
    card_id: str
    issuer: str
    number_masked: str
    holder_name: str
    bound_at: str

    @classmethod
    def of(cls, card: Card) -> "CardView":
        return cls(
            card_id=card.card_id,
            issuer=card.issuer.value,
            number_masked=mask_card(card.number),
            holder_name=card.holder_name,
            bound_at=rfc3339(card.bound_at),
        )


class CardList(View):
    cards: list[CardView]


class StepView(View):
    no: int
    source: OrderState | None
    target: OrderState
    event: str
    at: str
    by: str
    because: str

    @classmethod
    def of(cls, step: Step) -> "StepView":
        return cls(
            no=step.no,
            source=step.source,
            target=step.target,
            event=step.event.value,
            at=rfc3339(step.at),
            by=step.by,
            because=step.because,
        )


class RefundView(View):
    refund_no: str
    order_id: str
    amount_fen: int
    status: RefundStatus
    reason: str
    requested_at: str

    @classmethod
    def of(cls, refund: Refund) -> "RefundView":
        return cls(
            refund_no=refund.refund_no,
            order_id=refund.order_id,
            amount_fen=refund.amount,
            status=refund.status,
            reason=refund.reason,
            requested_at=rfc3339(refund.requested_at),
        )


class OrderView(View):
    order_id: str
    user_id: str
    state: OrderState
    amount_fen: int
    captured_fen: int
    refunded_fen: int
    card_id: str
    card_masked: str
    issuer: str
    reason: str
    placed_at: str
    expires_at: str

    @classmethod
    def of(cls, order: Order) -> "OrderView":
        return cls.model_validate(_order_fields(order))


class OrderDetail(OrderView):
    timeline: list[StepView] = Field(description="Every recorded step, oldest first.")
    refunds: list[RefundView]

    @classmethod
    def with_timeline(cls, dossier: Dossier) -> "OrderDetail":
        timeline = [StepView.of(step) for step in dossier.steps]
        refunds = [RefundView.of(refund) for refund in dossier.refunds]
        return cls.model_validate({**_order_fields(dossier.order), "timeline": timeline, "refunds": refunds})


def _order_fields(order: Order) -> dict[str, object]:
    return {
        "order_id": order.order_id,
        "user_id": order.user_id,
        "state": order.state,
        "amount_fen": order.amount,
        "captured_fen": order.captured,
        "refunded_fen": order.refunded,
        "card_id": order.card_id,
        "card_masked": mask_card(order.card_number),
        "issuer": order.issuer.value,
        "reason": order.reason,
        "placed_at": rfc3339(order.placed_at),
        "expires_at": rfc3339(order.expires_at),
    }


class OrderList(View):
    orders: list[OrderView]
    next_cursor: str | None


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
    def of(cls, started: StartedPayment) -> "StartedPaymentView":
        return cls(
            order=OrderView.of(started.dossier.order),
            payment=PaymentView(
                method=started.attempt.method,
                out_trade_no=started.attempt.out_trade_no,
                parameters=started.parameters,
            ),
        )


class LogIn(Body):
    provider: Annotated[str, Field(pattern="^WECHAT$", description="WECHAT: the code of wx.login.")]
    code: Code


class RefreshSession(Body):
    refresh_token: Code


class BindPhone(Body):
    code: Code = Field(description="The code of the mini-program's phone button.")


class BindCard(Body):
    number: Annotated[str, Field(max_length=32, description="Sinopec: 19 digits from 100011; PetroChina: 16 from 90.")]
    holder_name: Text


class PlaceOrderBody(Body):
    card_id: Id
    amount_fen: AmountFen


class PayOrder(Body):
    method: Annotated[PaymentMethod, Field(strict=False)]


class GrantRefund(Body):
    amount_fen: AmountFen
    reason: Text


class CreatePayment(Body):
    """The call that the product's brief names: place an order and start its payment at once."""

    userId: Id
    amount: Annotated[Decimal, Field(description="Yuan, a JSON number with at most two decimals.", examples=[19.99])]
    paymentMethod: Annotated[PaymentMethod, Field(strict=False)]
    cardId: Id | None = None
