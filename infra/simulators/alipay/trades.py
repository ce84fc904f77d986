"""Alipay's books: codes, trades and refunds, as a pure state machine.

    (code) -scan-> WAIT_BUYER_PAY -> TRADE_SUCCESS -> TRADE_FINISHED   (a year later)
                   WAIT_BUYER_PAY -> TRADE_CLOSED                      (closed, cancelled or expired)
                   TRADE_SUCCESS  -> TRADE_CLOSED                      (everything given back)
                   TRADE_CLOSED   -> TRADE_SUCCESS                     (only a late success, PY8)

All money is fen, all instants are epoch milliseconds. Nothing here reads a clock, a socket or a key: the
clock and the source of numbers are given.
Invariants: a trade is captured at most once; its refunds that did not fail never exceed what it captured.
"""

from random import Random

from simulators.alipay import views
from simulators.alipay.records import Code, Order, Refund, Status, Trade
from simulators.alipay.rules import (
    age,
    business_error,
    check_cancellable,
    check_free,
    check_payable,
    check_refundable,
    over_at,
)
from simulators.protocol import Json, Notice, Now, RefusedError
from simulators.texts import DIGITS, LETTERS, moment, pick


class TradeBooks:
    """Codes, trades and refunds of one merchant, and the notices that are owed."""

    def __init__(self, now: Now, random: Random) -> None:
        self._now = now
        self._random = random
        self.refund_ms = 0
        """How long a refund takes; 0: it is done in the answer."""
        self.cancel_voids_codes = False
        """Whether a cancel makes an unscanned code worthless; nothing in the documents promises it."""
        self.codes: dict[str, Code] = {}
        self.trades: dict[str, Trade] = {}
        """By out_trade_no."""
        self._named: dict[str, Trade] = {}
        self._notices: list[Notice] = []
        self._noticed = 0

    def create(self, order: Order) -> Trade:
        """Open the trade, or answer the open one again when every parameter is the same."""
        self._check_free(order)
        known = self.trades.get(order.out_trade_no)
        return known or self._open(order, order.buyer_open_id)

    def precreate(self, order: Order) -> Code:
        """Hand out a code; the same order gets the same one again."""
        self._check_free(order)
        code = self.codes.get(order.out_trade_no)
        if code is None or code.dead:
            name = f"https://qr.alipay.com/{pick(self._random, LETTERS, 24).lower()}"
            code = self.codes[order.out_trade_no] = Code(order, name, self._now())
        return code

    def trade(self, out_trade_no: str, trade_no: str = "") -> Trade:
        """The trade that is meant; trade_no goes first."""
        found = self._named.get(trade_no) if trade_no else self.trades.get(out_trade_no)
        if found is None:
            raise business_error("TRADE_NOT_EXIST", "交易不存在")
        age(found, self._now())
        return found

    def close(self, out_trade_no: str, trade_no: str = "") -> Trade:
        trade = self.trade(out_trade_no, trade_no)
        if trade.status is not Status.WAIT:
            raise business_error("REASON_TRADE_STATUS_INVALID", "交易状态异常")
        self._shut(trade)
        return trade

    def cancel(self, out_trade_no: str, trade_no: str = "") -> tuple[Trade | None, str]:
        """Close an unpaid trade, give a paid one back; answers the trade and the action, if there is one."""
        try:
            trade = self.trade(out_trade_no, trade_no)
        except RefusedError:
            code = self.codes.get(out_trade_no)
            if code is not None and self.cancel_voids_codes:
                code.dead = True
                return None, "close"
            return None, ""
        if not trade.paid:
            self._shut(trade)
            return trade, "close"
        number = trade.order.out_trade_no
        if any(known.out_request_no == number for known in trade.refunds):
            return trade, "refund"
        check_cancellable(trade, self._now())
        refund = Refund(number, trade.paid_fen, "", trade, self._now(), self._now())
        trade.refunds.append(refund)
        self._finish(refund)
        return trade, "refund"

    def refund(
        self,
        trade: Trade,
        out_request_no: str,
        amount_fen: int,
        reason: str = "",
        *,
        stay: bool = False,
        fail: bool = False,
    ) -> tuple[Refund, bool]:
        """Give money back, once per out_request_no; answers whether this call moved it.

        `stay` keeps it in progress until `end_refund`, `fail` lets it come to nothing.
        """
        for known in trade.refunds:
            if known.out_request_no == out_request_no and not known.failed:
                if known.amount_fen != amount_fen:
                    raise business_error("DISCORDANT_REPEAT_REQUEST", "请求信息不一致")
                return known, False
        check_refundable(trade, amount_fen)
        now = self._now()
        due_at = None if stay else now + self.refund_ms
        refund = Refund(out_request_no, amount_fen, reason, trade, now, due_at)
        trade.refunds.append(refund)
        if fail:
            refund.failed, refund.finished_at = True, now
        elif due_at == now:
            self._finish(refund)
        return refund, refund.done

    def end_refund(self, out_request_no: str, fail: bool = False) -> Refund:
        """End a refund that is in progress (control plane)."""
        for refund in self.all_refunds():
            if refund.out_request_no == out_request_no and refund.open:
                if fail:
                    refund.failed, refund.finished_at = True, self._now()
                else:
                    self._finish(refund)
                return refund
        raise business_error("REFUND_NOT_EXIST", "no such refund in progress")

    def look_up(self, reference: str) -> Trade | None:
        """The trade that is meant: by trade_no or out_trade_no."""
        trade = self._named.get(reference) or self.trades.get(reference)
        if trade is not None:
            age(trade, self._now())
        return trade

    def look_up_code(self, reference: str) -> Code | None:
        """The code that is meant: by its address or its out_trade_no."""
        return next(
            (code for code in self.codes.values() if reference in (code.qr_code, code.order.out_trade_no)),
            None,
        )

    def scan(self, reference: str, buyer_open_id: str = "", late: bool = False) -> Trade:
        """A customer scans a code: now the trade exists. Scanning it again finds the same trade."""
        code = self.look_up_code(reference)
        if code is None:
            raise business_error("TRADE_NOT_EXIST", "no such code or trade")
        known = self.trades.get(code.order.out_trade_no)
        if known is not None:
            age(known, self._now())
            return known
        if (code.dead or self._now() >= over_at(code.order, code.created_at)) and not late:
            raise business_error("QRCODE_EXPIRED", "二维码已失效")
        return self._open(code.order, buyer_open_id)

    def pay(
        self, reference: str, buyer_open_id: str = "", amount_fen: int | None = None, late: bool = False
    ) -> Trade:
        """The customer confirms on the phone. `late`: the money arrives although the trade is over."""
        trade = self.look_up(reference) or self.scan(reference, buyer_open_id, late)
        check_payable(trade, buyer_open_id, late)
        now = self._now()
        trade.late = trade.status is Status.CLOSED or now >= over_at(trade.order, trade.created_at)
        trade.status = Status.SUCCESS
        trade.buyer_open_id = trade.buyer_open_id or buyer_open_id or self._buyer()
        trade.paid_fen = trade.order.total_fen if amount_fen is None else amount_fen
        trade.paid_at = now
        self._notify("payment_notice", trade, trade.keys, views.payment_notice(trade))
        return trade

    def settle(self) -> int | None:
        """Do the refunds that are due; answer when the next one is."""
        now = self._now()
        waiting = [refund for refund in self.all_refunds() if refund.open and refund.due_at is not None]
        for refund in waiting:
            if refund.due_at is not None and refund.due_at <= now:
                self._finish(refund)
        return min((r.due_at for r in waiting if r.due_at is not None and r.due_at > now), default=None)

    def take_notices(self) -> list[Notice]:
        notices, self._notices = self._notices, []
        return notices

    def all_trades(self) -> list[Trade]:
        for trade in self.trades.values():
            age(trade, self._now())
        return list(self.trades.values())

    def all_refunds(self) -> list[Refund]:
        return [refund for trade in self.trades.values() for refund in trade.refunds]

    def totals(self) -> Json:
        """Counts and fen: what customers paid, what went back, what is on its way back."""
        paid = [trade for trade in self.trades.values() if trade.paid]
        refunds = self.all_refunds()
        return {
            "codes": len(self.codes),
            "trades": len(self.trades),
            "paid": len(paid),
            "captured_fen": sum(trade.paid_fen for trade in paid),
            "refunds": len(refunds),
            "refunded_fen": sum(refund.amount_fen for refund in refunds if refund.done),
            "refund_pending_fen": sum(refund.amount_fen for refund in refunds if refund.open),
        }

    def _check_free(self, order: Order) -> None:
        trade = self.look_up(order.out_trade_no)
        check_free(order, trade, self.codes.get(order.out_trade_no), self._now())

    def _open(self, order: Order, buyer_open_id: str) -> Trade:
        now = self._now()
        trade_no = f"{moment(now):%Y%m%d}2200{pick(self._random, DIGITS, 16)}"
        trade = Trade(order, trade_no, now, buyer_open_id)
        self.trades[order.out_trade_no] = self._named[trade_no] = trade
        return trade

    def _shut(self, trade: Trade) -> None:
        trade.status, trade.closed_at = Status.CLOSED, trade.closed_at or self._now()

    def _finish(self, refund: Refund) -> None:
        trade = refund.trade
        refund.finished_at = self._now()
        if trade.refunded_fen == trade.paid_fen:
            self._shut(trade)
        self._notify("refund_notice", trade, refund.keys, views.refund_notice(refund))

    def _notify(self, operation: str, trade: Trade, keys: frozenset[str], content: Json) -> None:
        self._noticed += 1
        if trade.order.notify_url:
            url, now = trade.order.notify_url, self._now()
            self._notices.append(Notice(self._noticed, operation, trade.status, keys, url, now, content))

    def _buyer(self) -> str:
        return "0" + pick(self._random, LETTERS, 46)
