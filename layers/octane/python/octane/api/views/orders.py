"""Orders."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from octane.api.views import AmountFen, Body, Coupons, Id, View
from octane.kernel.clock import rfc3339
from octane.kernel.vault import mask_card
from octane.orders.states import OrderKind, OrderState

if TYPE_CHECKING:
    from octane.orders.model import Order


StationId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")]


class PlaceOrderBody(Body):
    card_id: Id
    amount_fen: AmountFen
    coupon_ids: Coupons
    station_id: StationId | None = Field(default=None, description="Where the money is collected for.")


class OrderedBill(View):
    bill_no: str
    amount_fen: int


class OrderView(View):
    order_id: str
    user_id: str
    state: OrderState
    amount_fen: int = Field(description="What is delivered.")
    discount_fen: int = Field(description="What its coupons give.")
    payable_fen: int = Field(description="What the customer pays.")
    captured_fen: int
    refunded_fen: int
    kind: OrderKind
    card_id: str | None = Field(description="Null where no card is topped up.")
    card_masked: str | None
    issuer: str | None
    biller: str | None = Field(description="Null where no bills are paid.")
    bill_account_id: str | None
    account_masked: str | None
    bills: list[OrderedBill]
    plan_id: str | None = Field(description="The plan whose instalments are paid.")
    instalments: int
    coupons: list[str]
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
        "discount_fen": order.discount,
        "payable_fen": order.payable,
        "captured_fen": order.captured,
        "refunded_fen": order.refunded,
        "kind": order.kind,
        "card_id": order.card_id or None,
        "card_masked": order.card_masked or mask_card(order.card_number) or None,
        "issuer": order.issuer.value if order.issuer else None,
        "biller": order.biller.value if order.biller else None,
        "bill_account_id": order.bill_account_id or None,
        "account_masked": order.account_masked or None,
        "bills": [{"bill_no": part.bill_no, "amount_fen": part.amount} for part in order.bill_parts],
        "plan_id": order.plan_id or None,
        "instalments": order.instalments,
        "coupons": list(order.coupon_ids),
        "reason": order.reason,
        "placed_at": rfc3339(order.placed_at),
        "expires_at": rfc3339(order.expires_at),
    }
