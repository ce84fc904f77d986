"""Each address of WeChat: what it does with a call whose signature has been checked."""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from hashlib import sha1

from simulators.bills.rows import Heading
from simulators.misbehaviour import Effect, Faults
from simulators.protocol import Call, Json, RefusedError
from simulators.wechat import views
from simulators.wechat.bills import bill_rows
from simulators.wechat.desk import Desk
from simulators.wechat.mini import LOGIN
from simulators.wechat.records import Owner, RefundStatus
from simulators.wechat.requests import parse_prepay, parse_refund

NUMBERS = (
    *("out_trade_no", "out_refund_no", "transaction_id"),
    *("openid", "sp_openid", "sub_openid", "js_code", "code", "out_seq_no", "verify_id", "touser"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A call that found its address; `named` are the parts of the path."""

    desk: Desk
    call: Call
    named: Mapping[str, str]
    mchid: str
    """Who signed it; empty on the mini-program API."""
    faults: Faults

    @property
    def partner(self) -> bool:
        return bool(self.named.get("partner"))


Answer = tuple[int, Json | bytes | None]
"""Status and content: bytes are a file and unsigned, None is no body."""


def prepay(asked: Asked) -> Answer:
    order = parse_prepay(asked.call.json(), asked.named["kind"].upper(), asked.partner)
    keys = asked.desk.signer.keys
    _owner_is_allowed(asked.desk, asked.mchid, (order.mchid, order.sub_mchid), asked.partner)
    if order.appid != keys.appid or order.sub_appid not in ("", keys.sub_appid):
        raise RefusedError(400, "APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配")
    return 200, views.prepared(asked.desk.trades.prepay(order))


def query(asked: Asked) -> Answer:
    owner = _owner(asked, asked.call.query)
    if "id" in asked.named:
        return 200, views.transaction(asked.desk.trades.trade_by_transaction(owner, asked.named["id"]))
    return 200, views.transaction(asked.desk.trades.trade(owner, asked.named["no"]))


def close(asked: Asked) -> Answer:
    asked.desk.trades.close(_owner(asked, asked.call.json()), asked.named["no"])
    return 204, None


def refund(asked: Asked) -> Answer:
    order = parse_refund(asked.call.json(), asked.mchid)
    _owner_is_allowed(asked.desk, asked.mchid, order.owner, bool(order.owner[1]))
    fail = asked.faults.get(Effect.FAIL)
    ends = RefundStatus.SUCCESS if fail is None else RefundStatus(fail.code or "ABNORMAL")
    return 200, views.refund(asked.desk.trades.refund(order, Effect.STAY in asked.faults, ends))


def query_refund(asked: Asked) -> Answer:
    owner = (asked.mchid, asked.call.query.get("sub_mchid", ""))
    return 200, views.refund(asked.desk.trades.find_refund(owner, asked.named["no"]))


def certificates(asked: Asked) -> Answer:
    return 200, asked.desk.signer.certificates()


def bill(asked: Asked) -> Answer:
    """Apply for the trade bill of a day: its address, good for 30 seconds, and its digest."""
    given = asked.call.query
    if given.get("bill_type", "ALL") != "ALL" or given.get("tar_type", "GZIP") != "GZIP":
        raise RefusedError(400, "PARAM_ERROR", "bill_type ALL, tar_type GZIP or none")
    try:
        heading = Heading(date.fromisoformat(given.get("bill_date", "")), asked.mchid)
    except ValueError:
        raise RefusedError(400, "PARAM_ERROR", "bill_date: YYYY-MM-DD") from None
    office = asked.desk.bills
    rows = bill_rows(asked.desk.trades, heading.merchant)
    found = office.bill(heading, rows) if office.is_ready(heading.day) else None
    if found is None:
        raise RefusedError(400, "NO_STATEMENT_EXIST", "账单文件不存在")
    digest = sha1(found.text + b" " * found.wrong_digest, usedforsecurity=False).hexdigest()
    token = office.offer(found.packed if given.get("tar_type") else found.text)
    host = asked.call.headers.get("host", "")
    url = f"http://{host}{BILL_FILE}?token={token}"
    return 200, {"hash_type": "SHA1", "hash_value": digest, "download_url": url}


def bill_file(asked: Asked) -> Answer:
    content = asked.desk.bills.fetch(asked.call.query.get("token", ""))
    if content is None:
        raise RefusedError(403, "NO_AUTH", "下载地址已失效")
    return 200, content


def code2session(asked: Asked) -> Answer:
    given = asked.call.query
    appid, secret, grant = (given.get(name, "") for name in ("appid", "secret", "grant_type"))
    return 200, asked.desk.mini.session(appid, secret, given.get("js_code", ""), grant)


def stable_token(asked: Asked) -> Answer:
    given = asked.call.json()
    appid, secret, grant = (str(given.get(name, "")) for name in ("appid", "secret", "grant_type"))
    return 200, asked.desk.mini.stable_token(appid, secret, grant, given.get("force_refresh") is True)


def phone_number(asked: Asked) -> Answer:
    code = str(asked.call.json().get("code", ""))
    return 200, asked.desk.mini.phone_number(asked.call.query.get("access_token", ""), code)


def begin_face(asked: Asked) -> Answer:
    asked.desk.mini.check_token(asked.call.query.get("access_token", ""))
    return 200, asked.desk.faces.begin(asked.call.json())


def query_face(asked: Asked) -> Answer:
    asked.desk.mini.check_token(asked.call.query.get("access_token", ""))
    return 200, asked.desk.faces.query(asked.call.json())


def message(asked: Asked) -> Answer:
    asked.desk.mini.check_token(asked.call.query.get("access_token", ""))
    return 200, asked.desk.subscribed.send(asked.call.json())


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    pattern: re.Pattern[str]
    operation: str
    act: Callable[[Asked], Answer]
    signed: bool = True


BILL_FILE = "/v3/billdownload/file"
PHONE_PATH = r"/wxa/business/getuserphonenumber"
FACE = r"/cityservice/face/identify"
PAY = r"/v3/pay/(?P<partner>partner/)?transactions"
ROUTES = (
    Route("POST", re.compile(PAY + r"/(?P<kind>jsapi|native)"), "prepay", prepay),
    Route("GET", re.compile(PAY + r"/out-trade-no/(?P<no>[^/]+)"), "query", query),
    Route("GET", re.compile(PAY + r"/id/(?P<id>[^/]+)"), "query", query),
    Route("POST", re.compile(PAY + r"/out-trade-no/(?P<no>[^/]+)/close"), "close", close),
    Route("POST", re.compile(r"/v3/refund/domestic/refunds"), "refund", refund),
    Route("GET", re.compile(r"/v3/refund/domestic/refunds/(?P<no>[^/]+)"), "query_refund", query_refund),
    Route("GET", re.compile(r"/v3/bill/tradebill"), "bill", bill),
    Route("GET", re.compile(BILL_FILE), "bill_file", bill_file),
    Route("GET", re.compile(r"/v3/certificates"), "certificates", certificates),
    Route("GET", re.compile(r"/sns/jscode2session"), "code2session", code2session, signed=False),
    Route("POST", re.compile(r"/cgi-bin/stable_token"), "stable_token", stable_token, signed=False),
    Route("POST", re.compile(PHONE_PATH), "phone_number", phone_number, signed=False),
    Route("POST", re.compile(r"/cgi-bin/message/subscribe/send"), "message", message, signed=False),
    Route("POST", re.compile(FACE + "/getverifyid"), "begin_face", begin_face, signed=False),
    Route("POST", re.compile(FACE + "/queryverifyinfo"), "query_face", query_face, signed=False),
)


def find_route(call: Call) -> tuple[Route, Mapping[str, str]] | None:
    for route in ROUTES:
        match = route.pattern.fullmatch(call.path)
        if match is not None and route.method == call.method:
            return route, {name: value for name, value in match.groupdict().items() if value}
    return None


def _owner(asked: Asked, given: Mapping[str, object]) -> Owner:
    names = ("sp_mchid", "sub_mchid") if asked.partner else ("mchid", "")
    owner: Owner = (str(given.get(names[0], "")), str(given.get(names[1], "")) if names[1] else "")
    _owner_is_allowed(asked.desk, asked.mchid, owner, asked.partner)
    return owner


def _owner_is_allowed(desk: Desk, signer: str, owner: Owner, partner: bool) -> None:
    if owner[0] != signer or owner[1] != (desk.signer.keys.sub_mchid if partner else ""):
        raise RefusedError(403, "NO_AUTH", "商户号与签名的商户或其子商户不符")


def numbers_of(call: Call) -> set[str]:
    """Every number in a call that a rule may name; an unreadable call has none."""
    given: dict[str, object] = dict(call.query)
    with suppress(ValueError):
        given |= call.json()
    payer = given.get("payer")
    given |= payer if isinstance(payer, dict) else {}
    numbers = {value for name in NUMBERS if isinstance(value := given.get(name), str)}
    logins = {match[1] for number in numbers if (match := LOGIN.fullmatch(number))}
    return numbers | logins
