"""UnionPay's books: payments, voids and refunds, as a pure state machine.

    payment: 05 accepted -> a failed try's code -> 00      (until payTimeout; later only when told: PY8)
    return:  05 accepted -> 00, or the code of its failure

All money is fen, all instants are epoch milliseconds. Nothing here reads a clock, a socket or a key.
Invariants: a payment is captured at most once; what goes back and did not fail never exceeds it; a (merId,
orderId, txnTime) is used once, whatever for.
"""

from datetime import date, timedelta
from random import Random

from simulators.protocol import Json, Notice, Now, RefusedError
from simulators.texts import DIGITS, moment, pick
from simulators.unionpay import views
from simulators.unionpay.records import (
    ACCEPTED,
    SUCCESS,
    VOID,
    Identity,
    Order,
    Record,
    Return,
    ReturnOrder,
    Trade,
)

REFUND_WINDOW_MS = 330 * 24 * 3_600_000


def refused(code: str, message: str) -> RefusedError:
    """A business refusal: HTTP 200, the code in the message."""
    return RefusedError(200, code, message)


def settle_day(at: int) -> date:
    """The clearing day of a moment: days are cut at 23:00 Beijing."""
    return (moment(at) + timedelta(hours=1)).date()


class TradeBooks:
    """The transactions of every merchant, and the notices that are owed."""

    def __init__(self, now: Now, random: Random) -> None:
        self._now = now
        self._random = random
        self.refund_ms = 300
        """How long a void or refund stays accepted only."""
        self.records: dict[Identity, Record] = {}
        self._named: dict[str, Trade] = {}
        """Trades by tn, orderId (the latest of that number) and queryId."""
        self._running: list[Return] = []
        self._notices: list[Notice] = []
        self._noticed = 0

    @property
    def trades(self) -> list[Trade]:
        return [record for record in self.records.values() if isinstance(record, Trade)]

    @property
    def returns(self) -> list[Return]:
        return [record for record in self.records.values() if isinstance(record, Return)]

    def open(self, order: Order) -> Trade:
        """Issue a tn. A number and txnTime that were used before are refused, even for the same order."""
        self._must_be_new(order.identity)
        now = self._now()
        if order.expires_at <= now:
            raise refused("10", "payTimeout is past")
        trade = Trade(order, pick(self._random, DIGITS, 21), now)
        self.records[order.identity] = trade
        self._named[trade.tn] = self._named[order.identity[1]] = trade
        return trade

    def find(self, identity: Identity) -> Record:
        record = self.records.get(identity)
        if record is None:
            raise refused("34", "查无此交易")
        return record

    def look_up(self, reference: str) -> Trade | None:
        """The trade that is meant: by tn, orderId or queryId."""
        return self._named.get(reference)

    def is_over(self, trade: Trade) -> bool:
        return self._now() >= trade.order.expires_at

    def pay(self, reference: str, amount_fen: int | None = None, late: bool = False) -> Trade:
        """The customer confirms in the app. `late`: the money arrives although payTimeout is over."""
        trade = self._payable(reference, late)
        now = self._now()
        trade.late = self.is_over(trade)
        trade.paid, trade.failed = True, ""
        trade.paid_fen = trade.order.amount_fen if amount_fen is None else amount_fen
        trade.paid_at, trade.settle_day = now, settle_day(now)
        trade.query_id, trade.trace_no = self._numbers(now)
        trade.card = f"622155******{pick(self._random, DIGITS, 4)}"
        self._named[trade.query_id] = trade
        self._notify("payment_notice", "01", trade.keys, trade.order.back_url, views.payment_notice(trade))
        return trade

    def fail(self, reference: str, code: str) -> Trade:
        """The customer's card is refused: the tn can be paid with another one."""
        trade = self._payable(reference, late=False)
        trade.failed = code
        return trade

    def send_back(self, order: ReturnOrder, stay: bool = False, ends: str = SUCCESS) -> Return:
        """Accept a void or refund; `stay` keeps it accepted until `end_return`."""
        self._must_be_new(order.identity)
        trade = self._named.get(order.original_query_id)
        if trade is None or trade.query_id != order.original_query_id:
            raise refused("34", "查无此交易")
        if trade.order.identity[0] != order.identity[0]:
            raise refused("36", "与原交易信息不符")
        self._must_be_returnable(trade, order)
        now = self._now()
        query_id, trace_no = self._numbers(now)
        record = Return(order, trade, query_id, trace_no, now, None if stay else now + self.refund_ms, ends)
        self.records[order.identity] = record
        self._running.append(record)
        trade.returns.append(record)
        return record

    def end_return(self, order_id: str, code: str) -> Return:
        """End a void or refund that is in progress (control plane); 00 is success."""
        for record in self._running:
            if record.order.identity[1] == order_id:
                self._finish(record, code)
                return record
        raise refused("34", "no such void or refund in progress")

    def settle(self) -> int | None:
        """End the returns that are due; answer when the next one is."""
        now = self._now()
        waiting = [(record.due_at, record) for record in self._running]
        for due_at, record in waiting:
            if due_at is not None and due_at <= now:
                self._finish(record, record.ends)
        return min((due_at for due_at, _ in waiting if due_at is not None and due_at > now), default=None)

    def take_notices(self) -> list[Notice]:
        notices, self._notices = self._notices, []
        return notices

    def totals(self) -> Json:
        """Counts and fen: what customers paid, what went back, what is on its way back."""
        paid = [trade for trade in self.trades if trade.paid]
        back = self.returns
        return {
            "trades": len(self.trades),
            "paid": len(paid),
            "captured_fen": sum(trade.paid_fen for trade in paid),
            "refunds": len(back),
            "refunded_fen": sum(r.order.amount_fen for r in back if r.code == SUCCESS),
            "refund_pending_fen": sum(r.order.amount_fen for r in back if r.code == ACCEPTED),
        }

    def _must_be_new(self, identity: Identity) -> None:
        if identity in self.records:
            raise refused("12", "重复交易")

    def _payable(self, reference: str, late: bool) -> Trade:
        trade = self.look_up(reference)
        if trade is None:
            raise refused("34", "查无此交易")
        if trade.paid:
            raise refused("12", "订单已支付")
        if self.is_over(trade) and not late:
            raise refused("39", "订单已过支付时间")
        return trade

    def _must_be_returnable(self, trade: Trade, order: ReturnOrder) -> None:
        standing = [record for record in trade.returns if record.stands]
        left = trade.paid_fen - sum(record.order.amount_fen for record in standing)
        if left == 0 or any(record.order.txn_type == VOID for record in standing):
            raise refused("45", "已被成功退货或已被成功撤销")
        if order.txn_type == VOID:
            if order.amount_fen != trade.paid_fen or standing:
                raise refused("36", "与原交易信息不符")
            if settle_day(self._now()) != trade.settle_day:
                raise refused("39", "交易不在受理时间范围内")
        elif order.amount_fen > left:
            raise refused("36", "退货金额超过原交易金额")
        if self._now() > trade.paid_at + REFUND_WINDOW_MS:
            raise refused("39", "交易不在受理时间范围内")

    def _finish(self, record: Return, code: str) -> None:
        self._running.remove(record)
        record.code = code
        record.finished_at = self._now()
        record.settle_day = settle_day(record.finished_at)
        url = record.order.back_url
        if url and code == SUCCESS:
            content = views.return_notice(record)
            self._notify("refund_notice", record.order.txn_type, record.keys, url, content)

    def _notify(self, operation: str, event: str, keys: frozenset[str], url: str, content: Json) -> None:
        self._noticed += 1
        self._notices.append(Notice(self._noticed, operation, event, keys, url, self._now(), content))

    def _numbers(self, now: int) -> tuple[str, str]:
        """A queryId (21 digits, the moment and the trace number inside) and the trace number."""
        trace_no = pick(self._random, DIGITS, 6)
        check = pick(self._random, DIGITS, 3)
        return f"{check[:2]}{moment(now):%y%m%d%H%M%S}{trace_no}{check[2]}", trace_no
