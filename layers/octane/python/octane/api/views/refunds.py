"""Refunds."""

from typing import TYPE_CHECKING

from octane.api.views import AmountFen, Body, Text, View
from octane.kernel.clock import rfc3339
from octane.orders.states import RefundStatus

if TYPE_CHECKING:
    from octane.orders.model import Refund


class GrantRefund(Body):
    amount_fen: AmountFen
    reason: Text


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
