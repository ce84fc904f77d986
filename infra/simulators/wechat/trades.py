"""WeChat Pay's books: trades and refunds, as a pure state machine.

    NOTPAY -> SUCCESS -> REFUND            (the customer pays; a refund is accepted)
    NOTPAY -> CLOSED                       (the merchant closes, or the trade expires)
    CLOSED -> SUCCESS                      (only when the cashier insists: a late success, PY8)

    refund: PROCESSING -> SUCCESS | CLOSED | ABNORMAL

All money is fen, all instants are epoch milliseconds. Nothing here reads a clock, a socket or a key: the
clock and the source of numbers are given.
Invariants: a trade is captured at most once; its refunds that are not CLOSED never exceed what it captured.
"""

from random import Random

from simulators.protocol import Json, Notice, Now, RefusedError
from simulators.texts import DIGITS, HEX, LETTERS, moment, pick
from simulators.wechat import views
from simulators.wechat.records import Owner, Prepay, Refund, RefundOrder, RefundStatus, Trade, TradeState

HOUR_MS = 3_600_000
REFERENCE_MS = 2 * HOUR_MS
"""A prepay_id or code_url can be paid for two hours; prepaying again gives a new one."""
TRADE_MS = 7 * 24 * HOUR_MS
REFUND_WINDOW_MS = 365 * 24 * HOUR_MS
REFUNDS_PER_TRADE = 50


class TradeBooks:
    """Trades and refunds of every merchant, and the notices that are owed."""

    def __init__(self, now: Now, random: Random) -> None:
        self._now = now
        self._random = random
        self.refund_ms = 300
        """How long a refund stays PROCESSING."""
        self.trades: dict[tuple[Owner, str], Trade] = {}
        self.refunds: dict[tuple[Owner, str], Refund] = {}
        self._named: dict[str, Trade] = {}
        """Trades by every number that means one: references, out_trade_no, transaction_id."""
        self._running: list[Refund] = []
        self._notices: list[Notice] = []
        self._noticed = 0

    def prepay(self, order: Prepay) -> Trade:
        """Open the trade, or answer the open one again when every parameter is the same."""
        now = self._now()
        trade = self.trades.get((order.owner, order.out_trade_no))
        if trade is None:
            if order.expires_at is not None and order.expires_at <= now:
                raise RefusedError(400, "PARAM_ERROR", "time_expire is past")
            trade = Trade(order, self._reference(order.kind, now), now, now)
            self.trades[order.owner, order.out_trade_no] = trade
            self._named[order.out_trade_no] = self._named[trade.reference] = trade
            return trade
        self._expire(trade)
        if trade.paid:
            raise RefusedError(400, "ORDERPAID", "该订单已支付")
        if trade.state is TradeState.CLOSED:
            raise RefusedError(400, "ORDER_CLOSED", "订单已关闭")
        if trade.order != order:
            raise RefusedError(403, "OUT_TRADE_NO_USED", "商户订单号重复: the parameters differ")
        if now >= trade.reference_at + REFERENCE_MS:
            trade.reference, trade.reference_at = self._reference(order.kind, now), now
            self._named[trade.reference] = trade
        return trade

    def trade(self, owner: Owner, out_trade_no: str) -> Trade:
        trade = self.trades.get((owner, out_trade_no))
        if trade is None:
            raise RefusedError(404, "ORDER_NOT_EXIST", "订单不存在")
        self._expire(trade)
        return trade

    def trade_by_transaction(self, owner: Owner, transaction_id: str) -> Trade:
        trade = self._named.get(transaction_id)
        if trade is not None and trade.order.owner == owner and trade.transaction_id == transaction_id:
            return trade
        raise RefusedError(404, "ORDER_NOT_EXIST", "订单不存在")

    def close(self, owner: Owner, out_trade_no: str) -> None:
        """Close an unpaid trade; closing a closed one again is fine, a paid one is refused."""
        trade = self.trade(owner, out_trade_no)
        if trade.paid:
            raise RefusedError(400, "ORDERPAID", "该订单已支付")
        trade.state = TradeState.CLOSED

    def look_up(self, reference: str) -> Trade | None:
        """The trade that is meant: by prepay_id, code_url, out_trade_no or transaction_id."""
        trade = self._named.get(reference)
        if trade is not None:
            self._expire(trade)
        return trade

    def all_trades(self) -> list[Trade]:
        for trade in self.trades.values():
            self._expire(trade)
        return list(self.trades.values())

    def pay(
        self, reference: str, openid: str = "", amount_fen: int | None = None, late: bool = False
    ) -> Trade:
        """The customer confirms on the phone. `late`: the money arrives although the trade is closed."""
        trade = self.look_up(reference)
        if trade is None:
            raise RefusedError(404, "ORDER_NOT_EXIST", "订单不存在")
        if trade.paid:
            raise RefusedError(400, "ORDERPAID", "该订单已支付")
        if trade.state is TradeState.CLOSED and not late:
            raise RefusedError(400, "ORDER_CLOSED", "订单已关闭")
        now = self._now()
        if now >= trade.reference_at + REFERENCE_MS and not late:
            raise RefusedError(400, "PREPAY_EXPIRED", "prepay_id 已过期")
        order = trade.order
        payer = order.openid or openid or "o" + pick(self._random, LETTERS, 27)
        if order.openid and openid not in ("", order.openid, order.sub_openid):
            raise RefusedError(403, "PAYER_MISMATCH", "another customer opened this trade")
        trade.late = trade.state is TradeState.CLOSED
        trade.state = TradeState.SUCCESS
        trade.transaction_id = f"4200{moment(now):%Y%m%d}{pick(self._random, DIGITS, 16)}"
        trade.paid_fen = order.total_fen if amount_fen is None else amount_fen
        trade.paid_at = now
        self._named[trade.transaction_id] = trade
        trade.openid, trade.sub_openid = payer, order.sub_openid
        self._notify(
            "payment_notice", "TRANSACTION.SUCCESS", trade.keys, order.notify_url, views.transaction(trade)
        )
        return trade

    def refund(
        self, order: RefundOrder, stay: bool = False, ends: RefundStatus = RefundStatus.SUCCESS
    ) -> Refund:
        """Accept a refund, or answer the same one again; `stay` keeps it PROCESSING until `end_refund`."""
        known = self.refunds.get((order.owner, order.out_refund_no))
        if known is not None:
            if known.order != order:
                raise RefusedError(400, "INVALID_REQUEST", "退款单号已使用: the parameters differ")
            return known
        trade = self._refundable(order)
        now = self._now()
        refund_id = f"5030{moment(now):%Y%m%d}{pick(self._random, DIGITS, 17)}"
        refund = Refund(order, refund_id, trade, now, None if stay else now + self.refund_ms, ends)
        self.refunds[order.owner, order.out_refund_no] = refund
        self._running.append(refund)
        trade.refunds.append(refund)
        trade.state = TradeState.REFUND
        return refund

    def find_refund(self, owner: Owner, out_refund_no: str) -> Refund:
        refund = self.refunds.get((owner, out_refund_no))
        if refund is None:
            raise RefusedError(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
        return refund

    def end_refund(self, out_refund_no: str, status: RefundStatus) -> Refund:
        """End a refund that is in progress (control plane)."""
        for refund in self._running:
            if refund.order.out_refund_no == out_refund_no:
                self._finish(refund, status)
                return refund
        raise RefusedError(404, "RESOURCE_NOT_EXISTS", "no such refund in progress")

    def settle(self) -> int | None:
        """End the refunds that are due; answer when the next one is."""
        now = self._now()
        waiting = [(refund.due_at, refund) for refund in self._running]
        for due_at, refund in waiting:
            if due_at is not None and due_at <= now:
                self._finish(refund, refund.ends)
        return min((due_at for due_at, _ in waiting if due_at is not None and due_at > now), default=None)

    def take_notices(self) -> list[Notice]:
        notices, self._notices = self._notices, []
        return notices

    def totals(self) -> Json:
        """Counts and fen: what customers paid, what went back, what is on its way back."""
        paid = [trade for trade in self.trades.values() if trade.paid]
        back = dict.fromkeys(RefundStatus, 0)
        for refund in self.refunds.values():
            back[refund.status] += refund.order.refund_fen
        return {
            "trades": len(self.trades),
            "paid": len(paid),
            "captured_fen": sum(trade.paid_fen for trade in paid),
            "refunds": len(self.refunds),
            "refunded_fen": back[RefundStatus.SUCCESS],
            "refund_pending_fen": back[RefundStatus.PROCESSING] + back[RefundStatus.ABNORMAL],
        }

    def _refundable(self, order: RefundOrder) -> Trade:
        trade = (
            self.trade_by_transaction(order.owner, order.transaction_id)
            if order.transaction_id
            else self.trade(order.owner, order.out_trade_no)
        )
        if not trade.paid:
            raise RefusedError(403, "TRADE_ERROR", "订单未支付")
        if self._now() > trade.paid_at + REFUND_WINDOW_MS:
            raise RefusedError(400, "INVALID_REQUEST", "订单已超过可退款的最大期限")
        if order.total_fen != trade.paid_fen:
            raise RefusedError(400, "PARAM_ERROR", "订单金额不一致")
        earlier = [r.order.refund_fen for r in trade.refunds if r.status is not RefundStatus.CLOSED]
        if len(earlier) >= REFUNDS_PER_TRADE:
            raise RefusedError(403, "RULE_LIMIT", "部分退款次数超限")
        if sum(earlier) + order.refund_fen > trade.paid_fen:
            raise RefusedError(400, "INVALID_REQUEST", "申请退款金额超过可退金额")
        return trade

    def _finish(self, refund: Refund, status: RefundStatus) -> None:
        self._running.remove(refund)
        refund.status = status
        refund.finished_at = self._now()
        if refund.order.notify_url:
            content = views.refund_notice(refund)
            self._notify("refund_notice", f"REFUND.{status}", refund.keys, refund.order.notify_url, content)

    def _notify(self, operation: str, event: str, keys: frozenset[str], url: str, content: Json) -> None:
        self._noticed += 1
        self._notices.append(Notice(self._noticed, operation, event, keys, url, self._now(), content))

    def _reference(self, kind: str, now: int) -> str:
        if kind == "NATIVE":
            return f"weixin://wxpay/bizpayurl?pr={pick(self._random, LETTERS, 9)}"
        return f"wx{moment(now):%d%H%M%S}{pick(self._random, HEX, 26)}"

    def _expire(self, trade: Trade) -> None:
        expires_at = trade.order.expires_at or trade.created_at + TRADE_MS
        if trade.state is TradeState.NOTPAY and self._now() >= expires_at:
            trade.state = TradeState.CLOSED
