"""How UnionPay words its records: answers and notices before they are signed. Amounts are fen."""

from simulators.texts import moment
from simulators.unionpay.records import ACCEPTED, FAILED, PAYMENT, SUCCESS, Order, Return, ReturnOrder, Trade

Words = dict[str, str]
MESSAGES = {
    SUCCESS: "成功[0000000]",
    ACCEPTED: "交易已受理，请稍后查询交易结果[6154037]",
    FAILED: "交易失败[6100030]",
}


def names(order: Order | ReturnOrder, txn_type: str, sub_type: str) -> Words:
    mer_id, order_id, txn_time = order.identity
    return {
        "merId": mer_id,
        "orderId": order_id,
        "txnTime": txn_time,
        "txnType": txn_type,
        "txnSubType": sub_type,
        "accessType": order.access_type,
        "currencyCode": "156",
        "reqReserved": order.reserved,
    }


def carried_out(at: int, trace_no: str, query_id: str, amount_fen: int, settle: str) -> Words:
    return {
        "queryId": query_id,
        "traceNo": trace_no,
        "traceTime": f"{moment(at):%m%d%H%M%S}",
        "txnAmt": str(amount_fen),
        "settleAmt": str(amount_fen),
        "settleCurrencyCode": "156",
        "settleDate": settle,
    }


def payment(trade: Trade, over: bool) -> Words:
    """The answer to a query of a payment, `origRespCode` included."""
    common = names(trade.order, PAYMENT, "01") | {"bizType": "000201", "subMerId": trade.order.sub_mer_id}
    if not trade.paid:
        code = trade.failed or (FAILED if over else ACCEPTED)
        return {**common, "txnAmt": str(trade.order.amount_fen), "settleAmt": "0", **_original(code)}
    return {**common, **_paid(trade), **_original(SUCCESS), "issuerIdentifyMode": "0"}


def payment_notice(trade: Trade) -> Words:
    return {
        **names(trade.order, PAYMENT, "01"),
        "bizType": "000201",
        "subMerId": trade.order.sub_mer_id,
        **_paid(trade),
        "exchangeRate": "0",
        "respCode": SUCCESS,
        "respMsg": "success",
    }


def back(record: Return) -> Words:
    """The answer to the query of a void or refund, `origRespCode` included."""
    return {**_returned(record), **_original(record.code)}


def accepted(record: Return) -> Words:
    """The answer to the request itself."""
    order = record.order
    return {
        **names(order, order.txn_type, "00"),
        "bizType": "000201",
        "queryId": record.query_id,
        "origQryId": order.original_query_id,
        "txnAmt": str(order.amount_fen),
    }


def return_notice(record: Return) -> Words:
    return {**_returned(record), "respCode": record.code, "respMsg": MESSAGES.get(record.code, "交易失败")}


def _returned(record: Return) -> Words:
    order = record.order
    at = record.finished_at or record.created_at
    settle = f"{record.settle_day:%m%d}" if record.finished_at else ""
    return {
        **names(order, order.txn_type, "00"),
        "bizType": "000201",
        "origQryId": order.original_query_id,
        **carried_out(at, record.trace_no, record.query_id, order.amount_fen, settle),
    }


def _paid(trade: Trade) -> Words:
    done = carried_out(
        trade.paid_at, trade.trace_no, trade.query_id, trade.paid_fen, f"{trade.settle_day:%m%d}"
    )
    return {**done, "accNo": trade.card}


def _original(code: str) -> Words:
    return {"origRespCode": code, "origRespMsg": MESSAGES.get(code, "交易失败")}
