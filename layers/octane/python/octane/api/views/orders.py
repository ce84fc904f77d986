"""Orders."""

from typing import TYPE_CHECKING

from pydantic import Field

from octane.api.views import AmountFen, Body, Id, View
from octane.kernel.clock import rfc3339
from octane.kernel.vault import mask_card
from octane.orders.states import OrderKind, OrderState

if TYPE_CHECKING:
    from octane.orders.model import Order


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
    kind: OrderKind
    card_id: str | None = Field(description="Null when the wallet is topped up.")
    card_masked: str | None
    issuer: str | None
    reason: str
    placed_at: str
    expires_at: str

    @classmethod
    def of(cls, order: "Order") -> "OrderView":
        return cls.model_validate(order_fields(order))


def order_fields(order: "Order") -> dict[str, object]:
    return {
        "order_id": order.order_id,
        "user_id": order.user_id,
        "state": order.state,
        "amount_fen": order.amount,
        "captured_fen": order.captured,
        "refunded_fen": order.refunded,
        "kind": order.kind,
        "card_id": order.card_id or None,
        "card_masked": order.card_masked or mask_card(order.card_number) or None,
        "issuer": order.issuer.value if order.issuer else None,
        "reason": order.reason,
        "placed_at": rfc3339(order.placed_at),
        "expires_at": rfc3339(order.expires_at),
    }
