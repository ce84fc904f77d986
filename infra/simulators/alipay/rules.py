"""What Alipay allows: pure rules over one order, one trade, one refund. Each raises what the wire says."""

from simulators.alipay.records import Code, Order, Status, Trade
from simulators.protocol import RefusedError

DAY_MS = 24 * 3_600_000
TRADE_MS = 15 * DAY_MS
"""How long an order without time_expire can be paid."""
REFUND_WINDOW_MS = 365 * DAY_MS
CANCEL_WINDOW_MS = DAY_MS


def business_error(code: str, message: str) -> RefusedError:
    """A definite no of the business, `ACQ.…`: HTTP 200, gateway code 40004."""
    return RefusedError(200, f"ACQ.{code}", message)


def over_at(order: Order, created_at: int) -> int:
    """From when on the order cannot be paid (epoch ms)."""
    return created_at + TRADE_MS if order.expires_at is None else order.expires_at


def age(trade: Trade, now: int) -> None:
    """Move a trade on that time alone moves."""
    if trade.status is Status.WAIT and now >= over_at(trade.order, trade.created_at):
        trade.status, trade.closed_at = Status.CLOSED, trade.closed_at or now
    elif trade.status is Status.SUCCESS and now > trade.paid_at + REFUND_WINDOW_MS:
        trade.status = Status.FINISHED


def check_free(order: Order, trade: Trade | None, code: Code | None, now: int) -> None:
    """A number belongs to one order, with the same words each time, until it is paid or over."""
    known = trade.order if trade else code.order if code else None
    if known is None:
        if order.expires_at is not None and order.expires_at <= now:
            raise business_error("NOW_TIME_AFTER_EXPIRE_TIME_ERROR", "支付宝端时间在商户设置的绝对时间之后")
        return
    if trade is not None:
        if trade.status is Status.CLOSED:
            raise business_error("TRADE_HAS_CLOSE", "交易已经关闭")
        if trade.paid:
            raise business_error("TRADE_HAS_SUCCESS", "交易已被支付")
    if known != order:
        raise business_error("CONTEXT_INCONSISTENT", "交易信息被篡改")


def check_payable(trade: Trade, buyer_open_id: str, late: bool) -> None:
    if trade.paid:
        raise business_error("TRADE_HAS_SUCCESS", "交易已被支付")
    if trade.status is Status.CLOSED and not late:
        raise business_error("TRADE_HAS_CLOSE", "交易已经关闭")
    if trade.order.buyer_open_id and buyer_open_id not in ("", trade.order.buyer_open_id):
        raise business_error("TRADE_BUYER_NOT_MATCH", "another customer opened this trade")


def check_refundable(trade: Trade, amount_fen: int) -> None:
    if trade.status is Status.FINISHED:
        raise business_error("TRADE_HAS_FINISHED", "交易已完结")
    if trade.status is Status.CLOSED:
        raise business_error("TRADE_HAS_CLOSE", "交易已经关闭")
    if not trade.paid:
        raise business_error("TRADE_STATUS_ERROR", "交易状态不合法")
    taken = sum(known.amount_fen for known in trade.refunds if not known.failed)
    if taken + amount_fen > trade.paid_fen:
        raise business_error("REFUND_AMT_NOT_EQUAL_TOTAL", "退款金额超限")


def check_cancellable(trade: Trade, now: int) -> None:
    """A paid trade can be cancelled within a day, whole."""
    if trade.status is Status.FINISHED:
        raise business_error("TRADE_HAS_FINISHED", "交易已完结")
    if trade.refunds:
        raise business_error("REASON_TRADE_REFUND_FEE_ERR", "退款金额无效")
    if now > trade.paid_at + CANCEL_WINDOW_MS:
        raise business_error("TRADE_CANCEL_TIME_OUT", "超过撤销时间范围")
