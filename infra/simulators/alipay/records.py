"""What Alipay writes down: one record per code, trade and refund. Money in fen, instants in epoch ms."""

from dataclasses import dataclass, field
from enum import StrEnum


class Status(StrEnum):
    WAIT = "WAIT_BUYER_PAY"
    SUCCESS = "TRADE_SUCCESS"
    CLOSED = "TRADE_CLOSED"
    """Never paid, or everything given back."""
    FINISHED = "TRADE_FINISHED"
    """Paid, and too old to be refunded."""


@dataclass(frozen=True, slots=True)
class Order:
    """A create or precreate request as its merchant made it."""

    method: str
    """create or precreate."""
    out_trade_no: str
    total_fen: int
    subject: str
    buyer_open_id: str
    op_app_id: str
    product_code: str
    sub_merchant: str
    notify_url: str
    expires_at: int | None


@dataclass(slots=True, eq=False)
class Code:
    """A QR code: no trade until somebody scans it."""

    order: Order
    qr_code: str
    created_at: int
    dead: bool = False
    """Voided by a cancel (only when the company is set to do so)."""


@dataclass(slots=True, eq=False)
class Trade:
    order: Order
    trade_no: str
    created_at: int
    buyer_open_id: str
    status: Status = Status.WAIT
    paid_fen: int = 0
    """What the customer really paid: captured by the merchant."""
    paid_at: int = 0
    closed_at: int = 0
    late: bool = False
    """Paid although it was closed or its code was over."""
    refunds: list["Refund"] = field(default_factory=list, repr=False)

    @property
    def paid(self) -> bool:
        return self.paid_at > 0

    @property
    def refunded_fen(self) -> int:
        return sum(refund.amount_fen for refund in self.refunds if refund.done)

    @property
    def keys(self) -> frozenset[str]:
        """Every number by which a misbehave rule may name this trade."""
        return frozenset({self.order.out_trade_no, self.trade_no, self.buyer_open_id} - {""})


@dataclass(slots=True, eq=False)
class Refund:
    out_request_no: str
    amount_fen: int
    reason: str
    trade: Trade
    created_at: int
    due_at: int | None
    """When the money moves; None: when the control plane says so."""
    finished_at: int = 0
    failed: bool = False

    @property
    def done(self) -> bool:
        return self.finished_at > 0 and not self.failed

    @property
    def open(self) -> bool:
        return self.finished_at == 0

    @property
    def keys(self) -> frozenset[str]:
        return self.trade.keys | {self.out_request_no}
