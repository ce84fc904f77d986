"""How Alipay words its records: answers and notices. Amounts are yuan texts, times are Beijing's."""

from simulators.alipay.records import Code, Refund, Trade
from simulators.protocol import Json
from simulators.texts import stamp, yuan


def numbers(trade: Trade) -> Json:
    return {"out_trade_no": trade.order.out_trade_no, "trade_no": trade.trade_no}


def coded(code: Code) -> Json:
    return {"out_trade_no": code.order.out_trade_no, "qr_code": code.qr_code}


def queried(trade: Trade) -> Json:
    view: Json = {
        **numbers(trade),
        "trade_status": str(trade.status),
        "total_amount": yuan(trade.paid_fen if trade.paid else trade.order.total_fen),
        "subject": trade.order.subject,
        "buyer_logon_id": "csq***@example.com",
        "buyer_pay_amount": "0.00",
        "receipt_amount": "0.00",
        "invoice_amount": "0.00",
        "point_amount": "0.00",
    }
    if trade.buyer_open_id:
        view["buyer_open_id"] = trade.buyer_open_id
    if not trade.paid:
        return view
    paid = yuan(trade.paid_fen)
    return {
        **view,
        "buyer_pay_amount": paid,
        "receipt_amount": paid,
        "invoice_amount": paid,
        "send_pay_date": stamp(trade.paid_at),
        "fund_bill_list": [{"amount": paid, "fund_channel": "ALIPAYACCOUNT"}],
    }


def refunded(refund: Refund, moved: bool) -> Json:
    """The answer to a refund. `refund_fee` is what the trade gave back in all."""
    trade = refund.trade
    finished = {"gmt_refund_pay": stamp(refund.finished_at)} if refund.done else {}
    return {
        **numbers(trade),
        "buyer_logon_id": "csq***@example.com",
        "buyer_open_id": trade.buyer_open_id,
        "fund_change": "Y" if moved else "N",
        "refund_fee": yuan(trade.refunded_fen),
        "send_back_fee": yuan(refund.amount_fen if moved else 0),
        **finished,
    }


def refund_queried(trade: Trade, refund: Refund | None) -> Json:
    """The answer to a refund query: without refund_status unless the money is back."""
    if refund is None or not refund.done:
        return {}
    return {
        **numbers(trade),
        "out_request_no": refund.out_request_no,
        "refund_amount": yuan(refund.amount_fen),
        "total_amount": yuan(trade.paid_fen),
        "refund_status": "REFUND_SUCCESS",
        "gmt_refund_pay": stamp(refund.finished_at),
        "refund_reason": refund.reason,
    }


def cancelled(out_trade_no: str, trade: Trade | None, action: str) -> Json:
    view: Json = {"out_trade_no": out_trade_no, "retry_flag": "N"}
    if trade is not None:
        view |= numbers(trade)
    return view | ({"action": action} if action else {})


def payment_notice(trade: Trade) -> Json:
    """The fields of a notice that belong to the trade; the signer adds who and when."""
    paid = yuan(trade.paid_fen)
    return {
        "notify_type": "trade_status_sync",
        **numbers(trade),
        "trade_status": str(trade.status),
        "subject": trade.order.subject,
        "total_amount": paid,
        "receipt_amount": paid,
        "invoice_amount": paid,
        "buyer_pay_amount": paid,
        "point_amount": "0.00",
        "buyer_open_id": trade.buyer_open_id,
        "buyer_logon_id": "csq***@example.com",
        "gmt_create": stamp(trade.created_at),
        "gmt_payment": stamp(trade.paid_at),
        "fund_bill_list": f'[{{"amount":"{paid}","fundChannel":"ALIPAYACCOUNT"}}]',
    }


def refund_notice(refund: Refund) -> Json:
    """Alipay tells a refund as one more notice of the trade."""
    trade = refund.trade
    closed = {"gmt_close": stamp(trade.closed_at)} if trade.closed_at else {}
    return {
        **payment_notice(trade),
        "out_biz_no": refund.out_request_no,
        "refund_fee": yuan(trade.refunded_fen),
        "gmt_refund": stamp(refund.finished_at) + ".000",
        **closed,
    }


def booked(trade: Trade) -> Json:
    """A trade in the books: as a query tells it, with what only the books know."""
    return {
        **queried(trade),
        "total_fen": trade.order.total_fen,
        "captured_fen": trade.paid_fen,
        "refunded_fen": trade.refunded_fen,
        "late": trade.late,
        "sub_merchant": trade.order.sub_merchant,
    }


def booked_refund(refund: Refund) -> Json:
    state = "FAILED" if refund.failed else "SUCCESS" if refund.done else "PROCESSING"
    return {
        **numbers(refund.trade),
        "out_request_no": refund.out_request_no,
        "refund_fen": refund.amount_fen,
        "status": state,
    }
