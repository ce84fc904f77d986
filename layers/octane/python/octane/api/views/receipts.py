"""Receipts: what was paid, for what, and by whom it was delivered."""

from typing import TYPE_CHECKING

from pydantic import Field

from octane.api.views import View
from octane.api.views.orders import OrderedBill
from octane.channels.port import PaymentMethod
from octane.kernel.clock import rfc3339
from octane.orders.states import OrderKind, OrderState

if TYPE_CHECKING:
    from octane.orders.model import Dossier


class PaidPart(View):
    method: PaymentMethod
    amount_fen: int


class Receipt(View):
    receipt_no: str = Field(description="Our number at the issuer or biller.")
    order_id: str
    kind: OrderKind
    delivered_by: str = Field(description="The card's issuer, the biller, or OCTANE for the wallet.")
    target_masked: str = Field(description="The card or account; empty for the wallet.")
    bills: list[OrderedBill]
    amount_fen: int
    discount_fen: int
    paid_fen: int
    parts: list[PaidPart] = Field(description="By which ways it was paid.")
    refunded_fen: int
    transaction_id: str = Field(description="The channel's number of the payment.")
    reference: str = Field(description="The issuer's or biller's own number of it.")
    placed_at: str
    paid_at: str
    delivered_at: str

    @classmethod
    def of(cls, dossier: "Dossier") -> "Receipt":
        order, paid = dossier.order, dossier.paid_attempt
        delivered = next(step.at for step in dossier.steps if step.target is OrderState.SUCCEEDED)
        parts = ((paid.method, paid.paid), (PaymentMethod.WALLET_BALANCE, paid.wallet))
        return cls(
            receipt_no=order.fulfilment_no,
            order_id=order.order_id,
            kind=order.kind,
            delivered_by=(order.biller or order.issuer or "OCTANE"),
            target_masked=order.account_masked or order.card_masked,
            bills=[OrderedBill(bill_no=part.bill_no, amount_fen=part.amount) for part in order.bill_parts],
            amount_fen=order.amount,
            discount_fen=order.discount,
            paid_fen=order.captured,
            parts=[PaidPart(method=method, amount_fen=amount) for method, amount in parts if amount],
            refunded_fen=order.refunded,
            transaction_id=paid.transaction_id,
            reference=order.issuer_reference,
            placed_at=rfc3339(order.placed_at),
            paid_at=rfc3339(paid.paid_at or order.placed_at),
            delivered_at=rfc3339(delivered),
        )
