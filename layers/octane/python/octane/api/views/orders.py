"""Orders and their refunds."""

from typing import TYPE_CHECKING

from pydantic import Field

from octane.api.views import AmountFen, Body, Id, Text, View
from octane.issuers.cards import mask_card
from octane.kernel.clock import rfc3339
from octane.orders.states import OrderState, RefundStatus

if TYPE_CHECKING:
    from octane.orders.model import Dossier, Order, Refund, Step


class PlaceOrderBody(Body):
    card_id: Id
    amount_fen: AmountFen


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
    def of(cls, order: "Order") -> "OrderView":
        return cls.model_validate(_order_fields(order))


class StepView(View):
    no: int
    source: OrderState | None
    target: OrderState
    event: str
    at: str
    by: str
    because: str

    @classmethod
    def of(cls, step: "Step") -> "StepView":
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
    def of(cls, refund: "Refund") -> "RefundView":
        return cls(
            refund_no=refund.refund_no,
            order_id=refund.order_id,
            amount_fen=refund.amount,
            status=refund.status,
            reason=refund.reason,
            requested_at=rfc3339(refund.requested_at),
        )


class OrderDetail(OrderView):
    timeline: list[StepView] = Field(description="Every recorded step, oldest first.")
    refunds: list[RefundView]

    @classmethod
    def with_timeline(cls, dossier: "Dossier") -> "OrderDetail":
        timeline = [StepView.of(step) for step in dossier.steps]
        refunds = [RefundView.of(refund) for refund in dossier.refunds]
        return cls.model_validate({**_order_fields(dossier.order), "timeline": timeline, "refunds": refunds})


class OrderList(View):
    orders: list[OrderView]
    next_cursor: str | None


class GrantRefund(Body):
    amount_fen: AmountFen
    reason: Text


def _order_fields(order: "Order") -> dict[str, object]:
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
