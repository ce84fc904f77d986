"""What UnionPay writes down: one record for each payment, void and refund. Fen, and epoch ms."""

from dataclasses import dataclass, field
from datetime import date

Identity = tuple[str, str, str]
"""(merId, orderId, txnTime): names one transaction, whatever its type."""

SUCCESS, FAILED, ACCEPTED, NO_SUCH = "00", "01", "05", "34"
PAYMENT, REFUND, VOID = "01", "04", "31"


@dataclass(frozen=True, slots=True)
class Order:
    """A payment as its merchant asked for it."""

    identity: Identity
    amount_fen: int
    expires_at: int
    """payTimeout, epoch ms."""
    back_url: str
    access_type: str
    sub_mer_id: str = ""
    reserved: str = ""


@dataclass(slots=True, eq=False)
class Trade:
    order: Order
    tn: str
    opened_at: int
    failed: str = ""
    """The code of the customer's last try, if it failed."""
    paid: bool = False
    query_id: str = ""
    trace_no: str = ""
    paid_fen: int = 0
    """What the customer really paid: captured by the merchant."""
    paid_at: int = 0
    settle_day: date = date.min
    card: str = ""
    late: bool = False
    """Paid although payTimeout was over."""
    returns: list["Return"] = field(default_factory=list, repr=False)

    @property
    def keys(self) -> frozenset[str]:
        """Every number by which a misbehave rule may name this trade."""
        numbers = (self.order.identity[1], self.tn, self.query_id)
        return frozenset(number for number in numbers if number)


@dataclass(frozen=True, slots=True)
class ReturnOrder:
    """A void or a refund as its merchant asked for it."""

    identity: Identity
    txn_type: str
    original_query_id: str
    amount_fen: int
    back_url: str
    """Empty: no notice."""
    access_type: str
    reserved: str = ""


@dataclass(slots=True, eq=False)
class Return:
    order: ReturnOrder
    trade: Trade
    query_id: str
    trace_no: str
    created_at: int
    due_at: int | None
    """When it ends by itself; None: when the control plane says so."""
    ends: str = SUCCESS
    code: str = ACCEPTED
    finished_at: int = 0
    settle_day: date = date.min

    @property
    def keys(self) -> frozenset[str]:
        return self.trade.keys | {self.order.identity[1], self.query_id}

    @property
    def stands(self) -> bool:
        """It took, or may still take, from what was paid."""
        return self.code in (SUCCESS, ACCEPTED)


Record = Trade | Return
