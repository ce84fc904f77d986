"""What we ask of UnionPay: the fields of each call, before version, merchant and signature are added."""

from octane.channels.port import PaymentRequest, RefundRequest, Trade
from octane.channels.unionpay.config import SubMerchant, UnionPayConfig
from octane.channels.unionpay.messages import Fields
from octane.channels.unionpay.moments import txn_time
from octane.channels.unionpay.readings import PAYMENT, YUAN

GATEWAY_PAYMENT = "000201"
ANY_PRODUCT = "000000"
DIRECT, PLATFORM = "0", "2"
DESCRIPTION_CHARACTERS = 32
RESERVED_MARKS = str.maketrans("", "", "&={}")
"""These have a meaning inside ACP values."""


def payment(config: UnionPayConfig, request: PaymentRequest, sub: SubMerchant | None) -> Fields:
    """appTransReq.do: a tn for the customer's app, payable until `payTimeout`."""
    trade = request.trade
    return {
        "txnType": PAYMENT,
        "txnSubType": "01",
        "bizType": GATEWAY_PAYMENT,
        "channelType": config.channel_type,
        "orderId": trade.out_trade_no,
        "txnTime": txn_time(trade.opened_at),
        "payTimeout": txn_time(trade.expires_at),
        "txnAmt": str(request.amount),
        "currencyCode": YUAN,
        "orderDesc": request.description.translate(RESERVED_MARKS)[:DESCRIPTION_CHARACTERS],
        "backUrl": config.payment_notify_url,
        **_access(sub),
    }


def question(order_id: str, sent: str, platform: bool) -> Fields:
    """queryTrans.do: what became of the transaction (payment, void or refund) of this number and txnTime."""
    return {
        "txnType": "00",
        "txnSubType": "00",
        "bizType": ANY_PRODUCT,
        "orderId": order_id,
        "txnTime": sent,
        "accessType": PLATFORM if platform else DIRECT,
    }


def about_trade(trade: Trade) -> Fields:
    return question(trade.out_trade_no, txn_time(trade.opened_at), bool(trade.sub_merchant))


def about_return(request: RefundRequest) -> Fields:
    return question(request.refund_no, txn_time(request.requested_at), bool(request.trade.sub_merchant))


def money_back(
    config: UnionPayConfig, request: RefundRequest, txn_type: str, sub: SubMerchant | None
) -> Fields:
    """backTransReq.do: a void (31) or refund (04). Both go under the refund's one number and txnTime."""
    return {
        "txnType": txn_type,
        "txnSubType": "00",
        "bizType": GATEWAY_PAYMENT,
        "channelType": config.channel_type,
        "orderId": request.refund_no,
        "txnTime": txn_time(request.requested_at),
        "origQryId": request.transaction_id,
        "txnAmt": str(request.amount),
        "backUrl": config.refund_notify_url,
        "reqReserved": request.trade.out_trade_no,
        **_access(sub),
    }


def _access(sub: SubMerchant | None) -> Fields:
    if sub is None:
        return {"accessType": DIRECT}
    return {
        "accessType": PLATFORM,
        "subMerId": sub.number,
        "subMerName": sub.name,
        "subMerAbbr": sub.short_name,
    }
