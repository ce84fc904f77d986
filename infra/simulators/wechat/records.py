"""What WeChat Pay writes down: one record per trade and per refund. Money in fen, instants in epoch ms."""

from dataclasses import dataclass, field
from enum import StrEnum

Owner = tuple[str, str]
"""(mchid, sub_mchid): whose numbers these are; sub_mchid is empty for a direct merchant."""


class TradeState(StrEnum):
    NOTPAY = "NOTPAY"
    SUCCESS = "SUCCESS"
    CLOSED = "CLOSED"
    REFUND = "REFUND"
    """Paid, and at least one refund accepted since."""


class RefundStatus(StrEnum):
    PROCESSING = "PROCESSING"
    SUCCESS = "SUCCESS"
    CLOSED = "CLOSED"
    ABNORMAL = "ABNORMAL"


@dataclass(frozen=True, slots=True)
class Prepay:
    """A prepay request as its merchant made it. In partner mode appid and mchid are sp_appid and sp_mchid."""

    kind: str
    """JSAPI or NATIVE."""
    appid: str
    mchid: str
    sub_appid: str
    sub_mchid: str
    out_trade_no: str
    description: str
    attach: str
    total_fen: int
    notify_url: str
    openid: str
    sub_openid: str
    expires_at: int | None

    @property
    def owner(self) -> Owner:
        return self.mchid, self.sub_mchid


@dataclass(slots=True, eq=False)
class Trade:
    order: Prepay
    reference: str
    """prepay_id or code_url."""
    reference_at: int
    created_at: int
    state: TradeState = TradeState.NOTPAY
    transaction_id: str = ""
    paid_fen: int = 0
    """What the customer really paid: captured by the merchant."""
    paid_at: int = 0
    openid: str = ""
    sub_openid: str = ""
    late: bool = False
    """Paid although it was closed."""
    refunds: list["Refund"] = field(default_factory=list, repr=False)

    @property
    def paid(self) -> bool:
        return self.state in (TradeState.SUCCESS, TradeState.REFUND)

    @property
    def keys(self) -> frozenset[str]:
        """Every number by which a misbehave rule may name this trade."""
        order = self.order
        numbers = (order.out_trade_no, order.openid, order.sub_openid, self.transaction_id, self.openid)
        return frozenset(number for number in numbers if number)


@dataclass(frozen=True, slots=True)
class RefundOrder:
    owner: Owner
    out_refund_no: str
    out_trade_no: str
    transaction_id: str
    """One of the two names the trade."""
    refund_fen: int
    total_fen: int
    reason: str
    notify_url: str
    """Empty: no callback."""


@dataclass(slots=True, eq=False)
class Refund:
    order: RefundOrder
    refund_id: str
    trade: Trade
    created_at: int
    due_at: int | None
    """When it ends by itself; None: when the control plane says so."""
    ends: RefundStatus = RefundStatus.SUCCESS
    status: RefundStatus = RefundStatus.PROCESSING
    finished_at: int = 0

    @property
    def keys(self) -> frozenset[str]:
        return self.trade.keys | {self.order.out_refund_no, self.refund_id}
