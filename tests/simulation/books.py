"""The books of each channel, asked in one way: what the witness holds ours against."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from octane.channels.port import ChannelName
from simulators.alipay.company import RETRY_MS as ALIPAY_RETRY_MS
from simulators.alipay.records import Status
from simulators.alipay.rules import over_at
from simulators.alipay.trades import TradeBooks as AlipayTrades
from simulators.protocol import Json, Notice, Now
from simulators.unionpay.company import RETRY_MS as UNIONPAY_RETRY_MS
from simulators.unionpay.records import ACCEPTED, SUCCESS
from simulators.unionpay.trades import TradeBooks as UnionPayTrades
from simulators.wechat.company import RETRY_MS as WECHAT_RETRY_MS
from simulators.wechat.records import RefundStatus, TradeState
from simulators.wechat.trades import TradeBooks as WechatTrades

MCHID = "1900000109"
OWNER = (MCHID, "")
"""Who we are to WeChat Pay."""
DONE, FAILED, RUNNING = "DONE", "FAILED", "RUNNING"


class Held(NamedTuple):
    """A trade (or a code that may become one) as its channel has it. Money in fen."""

    channel: ChannelName
    number: str
    asked: int
    paid: bool
    fen: int
    """What the customer really paid."""
    late: bool
    """Paid although it was over."""
    transaction_id: str
    payable: bool
    """The customer could pay it now."""


class Back(NamedTuple):
    """Money on its way back, as its channel has it: DONE, FAILED or RUNNING."""

    channel: ChannelName
    number: str
    fen: int
    state: str


class Books(Protocol):
    """One channel's books."""

    name: ChannelName
    retry_ms: tuple[int, ...]

    def held(self, number: str) -> Held | None: ...
    def opened(self) -> list[str]:
        """The numbers of all trades and codes, in the order in which they were opened."""
        ...

    def count(self) -> int:
        """Changes when a trade or code is opened."""
        ...

    def back(self, number: str) -> Back | None: ...
    def backs(self) -> Iterator[Back]: ...
    def knows(self, reference: str) -> bool: ...
    def pay(self, reference: str, amount_fen: int | None, late: bool) -> str:
        """The customer confirms; return the trade's number. Raises `RefusedError`."""
        ...

    def settle(self) -> int | None: ...
    def take_notices(self) -> list[Notice]: ...
    def totals(self) -> Json: ...


@dataclass(slots=True)
class WechatBooks:
    trades: WechatTrades
    now: Now
    name: ChannelName = ChannelName.WECHAT
    retry_ms: tuple[int, ...] = WECHAT_RETRY_MS

    def held(self, number: str) -> Held | None:
        trade = self.trades.trades.get((OWNER, number))
        if trade is None:
            return None
        payable = trade.state is TradeState.NOTPAY and self.now() < (trade.order.expires_at or 0)
        return Held(
            *(self.name, number, trade.order.total_fen, trade.paid, trade.paid_fen, trade.late),
            *(trade.transaction_id, payable),
        )

    def opened(self) -> list[str]:
        return [number for _, number in self.trades.trades]

    def count(self) -> int:
        return len(self.trades.trades)

    def back(self, number: str) -> Back | None:
        refund = self.trades.refunds.get((OWNER, number))
        if refund is None:
            return None
        state = {RefundStatus.SUCCESS: DONE, RefundStatus.PROCESSING: RUNNING}.get(refund.status, FAILED)
        return Back(self.name, number, refund.order.refund_fen, state)

    def backs(self) -> Iterator[Back]:
        return (back for _, number in self.trades.refunds if (back := self.back(number)) is not None)

    def knows(self, reference: str) -> bool:
        return self.trades.look_up(reference) is not None

    def pay(self, reference: str, amount_fen: int | None, late: bool) -> str:
        return self.trades.pay(reference, amount_fen=amount_fen, late=late).order.out_trade_no

    def settle(self) -> int | None:
        return self.trades.settle()

    def take_notices(self) -> list[Notice]:
        return self.trades.take_notices()

    def totals(self) -> Json:
        return self.trades.totals()


@dataclass(slots=True)
class AlipayBooks:
    """A code is no trade before it is scanned, and can be paid all the same."""

    trades: AlipayTrades
    now: Now
    name: ChannelName = ChannelName.ALIPAY
    retry_ms: tuple[int, ...] = ALIPAY_RETRY_MS

    def held(self, number: str) -> Held | None:
        trade = self.trades.trades.get(number)
        if trade is not None:
            payable = trade.status is Status.WAIT and self.now() < over_at(trade.order, trade.created_at)
            return Held(
                *(self.name, number, trade.order.total_fen, trade.paid, trade.paid_fen, trade.late),
                *(trade.trade_no, payable),
            )
        code = self.trades.codes.get(number)
        if code is None:
            return None
        payable = not code.dead and self.now() < over_at(code.order, code.created_at)
        return Held(self.name, number, code.order.total_fen, False, 0, False, "", payable)

    def opened(self) -> list[str]:
        return list(self.trades.codes)

    def count(self) -> int:
        return len(self.trades.codes)

    def back(self, number: str) -> Back | None:
        """A try that failed does not count: the same number may be sent again."""
        found = [back for back in self.backs() if back.number == number]
        return next((back for back in found if back.state != FAILED), found[-1] if found else None)

    def backs(self) -> Iterator[Back]:
        for refund in self.trades.all_refunds():
            state = FAILED if refund.failed else DONE if refund.done else RUNNING
            yield Back(self.name, refund.out_request_no, refund.amount_fen, state)

    def knows(self, reference: str) -> bool:
        return self.trades.look_up_code(reference) is not None

    def pay(self, reference: str, amount_fen: int | None, late: bool) -> str:
        code = self.trades.look_up_code(reference)
        number = code.order.out_trade_no if code else reference
        return self.trades.pay(number, amount_fen=amount_fen, late=late).order.out_trade_no

    def settle(self) -> int | None:
        return self.trades.settle()

    def take_notices(self) -> list[Notice]:
        return self.trades.take_notices()

    def totals(self) -> Json:
        return self.trades.totals()


@dataclass(slots=True)
class UnionPayBooks:
    trades: UnionPayTrades
    now: Now
    name: ChannelName = ChannelName.UNIONPAY
    retry_ms: tuple[int, ...] = UNIONPAY_RETRY_MS

    def held(self, number: str) -> Held | None:
        trade = self.trades.look_up(number)
        if trade is None:
            return None
        payable = not trade.paid and self.now() < trade.order.expires_at
        return Held(
            *(self.name, number, trade.order.amount_fen, trade.paid, trade.paid_fen, trade.late),
            *(trade.query_id, payable),
        )

    def opened(self) -> list[str]:
        return [trade.order.identity[1] for trade in self.trades.trades]

    def count(self) -> int:
        return len(self.trades.records)

    def back(self, number: str) -> Back | None:
        return next((back for back in self.backs() if back.number == number), None)

    def backs(self) -> Iterator[Back]:
        for record in self.trades.returns:
            state = DONE if record.code == SUCCESS else RUNNING if record.code == ACCEPTED else FAILED
            yield Back(self.name, record.order.identity[1], record.order.amount_fen, state)

    def knows(self, reference: str) -> bool:
        return self.trades.look_up(reference) is not None

    def pay(self, reference: str, amount_fen: int | None, late: bool) -> str:
        return self.trades.pay(reference, amount_fen=amount_fen, late=late).order.identity[1]

    def settle(self) -> int | None:
        return self.trades.settle()

    def take_notices(self) -> list[Notice]:
        return self.trades.take_notices()

    def totals(self) -> Json:
        return self.trades.totals()
