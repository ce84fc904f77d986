"""How WeChat Pay v3 words its records: prepay answers, transactions, refunds, notices. Amounts are fen."""

from simulators.protocol import Json
from simulators.texts import rfc3339
from simulators.wechat.records import Prepay, Refund, Trade, TradeState

STATE_WORDS = {
    TradeState.NOTPAY: "订单未支付",
    TradeState.SUCCESS: "支付成功",
    TradeState.CLOSED: "订单已关闭",
    TradeState.REFUND: "转入退款",
}


def parties(order: Prepay) -> Json:
    if not order.sub_mchid:
        return {"appid": order.appid, "mchid": order.mchid}
    sub_app = {"sub_appid": order.sub_appid} if order.sub_appid else {}
    return {"sp_appid": order.appid, "sp_mchid": order.mchid, **sub_app, "sub_mchid": order.sub_mchid}


def prepared(trade: Trade) -> Json:
    name = "prepay_id" if trade.order.kind == "JSAPI" else "code_url"
    return {name: trade.reference}


def transaction(trade: Trade) -> Json:
    """The answer to a query, and the plain text of a payment notice."""
    order = trade.order
    view: Json = {
        **parties(order),
        "out_trade_no": order.out_trade_no,
        "attach": order.attach,
        "trade_state": str(trade.state),
        "trade_state_desc": STATE_WORDS[trade.state],
    }
    if not trade.paid:
        return {**view, "amount": {"total": order.total_fen, "currency": "CNY"}}
    return {
        **view,
        "transaction_id": trade.transaction_id,
        "trade_type": order.kind,
        "bank_type": "OTHERS",
        "success_time": rfc3339(trade.paid_at),
        "payer": payer(trade),
        "amount": {
            "total": trade.paid_fen,
            "payer_total": trade.paid_fen,
            "currency": "CNY",
            "payer_currency": "CNY",
        },
    }


def payer(trade: Trade) -> Json:
    if not trade.order.sub_mchid:
        return {"openid": trade.openid}
    sub = {"sub_openid": trade.sub_openid} if trade.sub_openid else {}
    return {"sp_openid": trade.openid, **sub}


def refund(record: Refund) -> Json:
    """The answer to a refund request and to its query."""
    order, trade = record.order, record.trade
    finished = {"success_time": rfc3339(record.finished_at)} if record.status == "SUCCESS" else {}
    return {
        "refund_id": record.refund_id,
        "out_refund_no": order.out_refund_no,
        "transaction_id": trade.transaction_id,
        "out_trade_no": trade.order.out_trade_no,
        "channel": "ORIGINAL",
        "user_received_account": "支付用户零钱",
        **finished,
        "create_time": rfc3339(record.created_at),
        "status": str(record.status),
        "funds_account": "AVAILABLE",
        "amount": {
            "total": order.total_fen,
            "refund": order.refund_fen,
            "from": [],
            "payer_total": order.total_fen,
            "payer_refund": order.refund_fen,
            "settlement_refund": order.refund_fen,
            "settlement_total": order.total_fen,
            "discount_refund": 0,
            "currency": "CNY",
        },
        "promotion_detail": [],
    }


def refund_notice(record: Refund) -> Json:
    """The plain text of a refund notice: `refund_status`, where the query says `status`."""
    order, trade = record.order, record.trade
    names = parties(trade.order)
    finished = {"success_time": rfc3339(record.finished_at)} if record.status == "SUCCESS" else {}
    return {
        **{name: value for name, value in names.items() if name.endswith("mchid")},
        "out_trade_no": trade.order.out_trade_no,
        "transaction_id": trade.transaction_id,
        "out_refund_no": order.out_refund_no,
        "refund_id": record.refund_id,
        "refund_status": str(record.status),
        **finished,
        "user_received_account": "支付用户零钱",
        "amount": {
            "total": order.total_fen,
            "refund": order.refund_fen,
            "payer_total": order.total_fen,
            "payer_refund": order.refund_fen,
        },
    }
