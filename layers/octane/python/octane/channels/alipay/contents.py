"""What is asked of each method: its biz_content. A repeated call asks in the same words."""

from octane.channels.alipay.config import AlipayConfig
from octane.channels.alipay.readings import beijing
from octane.channels.port import PaymentMethod, PaymentRequest, RefundRequest
from octane.kernel.money import format_yuan

SUBJECT_LENGTH = 256
REASON_LENGTH = 256
FORBIDDEN = str.maketrans("/=&", "   ")
"""What a subject may not hold."""


def order_content(config: AlipayConfig, request: PaymentRequest) -> dict[str, object]:
    """Ask for a trade (create) or a code (precreate); `time_expire` bounds both."""
    trade = request.trade
    content: dict[str, object] = {
        "out_trade_no": trade.out_trade_no,
        "total_amount": format_yuan(request.amount),
        "subject": request.description.translate(FORBIDDEN)[:SUBJECT_LENGTH],
        "time_expire": beijing(trade.expires_at),
    }
    if request.method is PaymentMethod.ALIPAY_JSAPI:
        content["product_code"] = "JSAPI_PAY"
        content["op_app_id"] = config.client_app_id
        content["buyer_open_id"] = request.payer_id
    if trade.sub_merchant:
        content["sub_merchant"] = {"merchant_id": trade.sub_merchant}
    return content


def refund_content(request: RefundRequest) -> dict[str, object]:
    return {
        **_numbers(request),
        "refund_amount": format_yuan(request.amount),
        "out_request_no": request.refund_no,
        "refund_reason": request.reason[:REASON_LENGTH],
    }


def refund_query_content(request: RefundRequest, number: str) -> dict[str, object]:
    """Ask for the refund `number` of the request's trade."""
    return {**_numbers(request), "out_request_no": number, "query_options": ["gmt_refund_pay"]}


def _numbers(request: RefundRequest) -> dict[str, object]:
    return {"out_trade_no": request.trade.out_trade_no, "trade_no": request.transaction_id}
