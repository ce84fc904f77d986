"""Each method of the gateway: what it does with a request whose signature has been checked."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date
from typing import Any
from urllib.parse import urlencode

from simulators.alipay import views
from simulators.alipay.bills import account_archive, bill_rows
from simulators.alipay.desk import Desk
from simulators.alipay.requests import fen, number, numbers, parse_order, text
from simulators.alipay.rules import business_error
from simulators.alipay.signer import Asked
from simulators.bills.rows import Heading
from simulators.misbehaviour import Effect, Faults
from simulators.protocol import Json, RefusedError

BILL_PATH = "/dwbillcenterprod/downloadBillFile.resource"
LOGIN = "alipay.system.oauth.token"
"""Its fields are parameters of their own, its answer carries no code, and its errors stand elsewhere."""
MISSING = RefusedError(200, "isp.bill_not_exist", "账单不存在")
NUMBERS = ("out_trade_no", "trade_no", "out_request_no", "buyer_open_id", "bill_date")


def create(desk: Desk, asked: Asked, faults: Faults) -> Json:
    notify_url = asked.parameters.get("notify_url", "")
    order = parse_order(asked.content, "create", notify_url, desk.signer.keys.sub_merchant)
    return views.numbers(desk.trades.create(order))


def precreate(desk: Desk, asked: Asked, faults: Faults) -> Json:
    notify_url = asked.parameters.get("notify_url", "")
    order = parse_order(asked.content, "precreate", notify_url, desk.signer.keys.sub_merchant)
    return views.coded(desk.trades.precreate(order))


def query(desk: Desk, asked: Asked, faults: Faults) -> Json:
    return views.queried(desk.trades.trade(*numbers(asked.content)))


def close(desk: Desk, asked: Asked, faults: Faults) -> Json:
    return views.numbers(desk.trades.close(*numbers(asked.content)))


def cancel(desk: Desk, asked: Asked, faults: Faults) -> Json:
    out_trade_no, trade_no = numbers(asked.content)
    return views.cancelled(out_trade_no, *desk.trades.cancel(out_trade_no, trade_no))


def refund(desk: Desk, asked: Asked, faults: Faults) -> Json:
    trade = desk.trades.trade(*numbers(asked.content))
    given_back, moved = desk.trades.refund(
        trade,
        number(asked.content, "out_request_no") or trade.order.out_trade_no,
        fen(asked.content, "refund_amount"),
        text(asked.content, "refund_reason", 256),
        stay=Effect.STAY in faults,
        fail=Effect.FAIL in faults,
    )
    return views.refunded(given_back, moved)


def query_refund(desk: Desk, asked: Asked, faults: Faults) -> Json:
    trade = desk.trades.trade(*numbers(asked.content))
    wanted = number(asked.content, "out_request_no")
    found = [known for known in trade.refunds if known.out_request_no == wanted and not known.failed]
    return views.refund_queried(trade, found[-1] if found else None)


def bill(desk: Desk, asked: Asked, faults: Faults) -> Json:
    """Where a day's bill can be fetched for 30 seconds."""
    kind, day = text(asked.content, "bill_type", 32), text(asked.content, "bill_date", 10)
    if kind not in ("trade", "signcustomer"):
        raise business_error("INVALID_PARAMETER", "bill_type")
    try:
        heading = Heading(date.fromisoformat(day), desk.signer.keys.seller_id)
    except ValueError:
        raise business_error("INVALID_PARAMETER", "bill_date") from None
    rows = bill_rows(desk.trades, heading.merchant)
    found = desk.bills.bill(heading, rows) if desk.bills.is_ready(heading.day) else None
    if found is None:
        raise MISSING
    account = account_archive(heading, [row for row in rows if heading.holds(row.at)])
    token = desk.bills.offer(found.packed if kind == "trade" else account)
    asked_for = {"bizType": kind, "userId": heading.merchant, "bizDates": f"{heading.day:%Y%m%d}"}
    host = asked.parameters["_host"]
    return {"bill_download_url": f"http://{host}{BILL_PATH}?{urlencode({**asked_for, 'token': token})}"}


def log_in(desk: Desk, asked: Asked, faults: Faults) -> Json:
    return desk.logins.exchange(asked.parameters.get("grant_type", ""), asked.parameters.get("code", ""))


Act = Callable[[Desk, Asked, Faults], Json]
METHODS: Mapping[str, tuple[str, Act]] = {
    "alipay.trade.create": ("create", create),
    "alipay.trade.precreate": ("precreate", precreate),
    "alipay.trade.query": ("query", query),
    "alipay.trade.close": ("close", close),
    "alipay.trade.cancel": ("cancel", cancel),
    "alipay.trade.refund": ("refund", refund),
    "alipay.trade.fastpay.refund.query": ("query_refund", query_refund),
    "alipay.data.dataservice.bill.downloadurl.query": ("bill", bill),
    LOGIN: ("log_in", log_in),
}
"""Method to operation, as a misbehave rule names it, and what it does."""


def numbers_of(content: Mapping[str, Any]) -> set[str]:
    """Every number in a request that a rule may name."""
    found: set[str] = set()
    with suppress(AttributeError):
        found = {value for name in NUMBERS if isinstance(value := content.get(name), str) and value}
    return found
