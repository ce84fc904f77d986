"""The Juhe-style issuer: what is sent, what is believed, what stays unknown (FU1, FU3)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

import pytest

from octane.issuers.juhe.client import JuheConfig, JuheIssuer, yuan_text
from octane.issuers.juhe.errors import REFUSED
from octane.issuers.names import Issuer
from octane.issuers.port import IssuerNoticeRefusedError, RechargeRequest
from octane.kernel.clock import Instant
from octane.kernel.fulfilment import FulfilmentReport, FulfilmentState, FulfilmentUnknown
from octane.kernel.money import Fen
from octane.wire.http import NoAnswerError, NotSentError, Response

OPENID, KEY = "JH0123456789", "0123456789abcdef0123456789abcdef"
NO = "OABCDEFGHIJKLMNOPQRSTUVWXYR01"
CARD = "1000111100001234567"
REQUEST = RechargeRequest(NO, Issuer.SINOPEC, CARD, Fen(10_000), "13800138000", "张三")


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@dataclass
class FakeTransport:
    answers: list[Response | Exception] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> Response:
        assert (method, headers["content-type"]) == ("POST", "application/x-www-form-urlencoded")
        assert timeout_s > 0
        self.urls.append(url)
        self.forms.append(dict(parse_qsl((body or b"").decode(), keep_blank_values=True)))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class FixedClock:
    def now(self) -> Instant:
        return Instant(1_795_000_000_999)


@pytest.fixture
def transport() -> FakeTransport:
    return FakeTransport()


@pytest.fixture
def issuer(transport) -> JuheIssuer:
    return JuheIssuer(JuheConfig(OPENID, KEY, "http://issuer.test/"), transport, FixedClock())


def says(result=None, code: object = 0, reason: str = "ok", status: int = 200) -> Response:
    fields = {"reason": reason, "error_code": code, "result": result}
    return Response(status, {}, json.dumps(fields).encode())


def order(state: object = "0", **changes) -> dict[str, object]:
    fields = {"cardnum": "100", "sporder_id": "S1", "game_userid": CARD, "game_state": state, "uorderid": NO}
    return {**fields, **changes}


def test_submit_sends_the_any_amount_product_signed(issuer, transport):
    transport.answers = [says(order())]
    issuer.submit(REQUEST)
    assert transport.urls == ["http://issuer.test/ofpay/sinopec/onlineorder"]
    assert transport.forms == [
        {
            "proid": "10007",
            "cardnum": "100",
            "orderid": NO,
            "game_userid": CARD,
            "gasCardTel": "13800138000",
            "gasCardName": "张三",
            "chargeType": "1",
            "key": KEY,
            "sign": md5(f"{OPENID}{KEY}10007100{CARD}{NO}"),
        }
    ]


def test_petrochina_has_its_own_product(issuer, transport):
    card = "9012345678901234"
    transport.answers = [says(order(game_userid=card))]
    issuer.submit(REQUEST._replace(issuer=Issuer.PETROCHINA, card_number=card, amount=Fen(1_999)))
    (form,) = transport.forms
    assert (form["proid"], form["chargeType"], form["cardnum"]) == ("10008", "2", "19.99")


@pytest.mark.parametrize(
    ("amount", "text"),
    [(10_000, "100"), (1_999, "19.99"), (1_950, "19.5"), (1, "0.01"), (100, "1"), (100_000, "1000")],
)
def test_yuan_without_trailing_zeros(amount, text):
    assert yuan_text(amount) == text


@pytest.mark.parametrize(
    ("state", "found", "code"),
    [
        ("0", FulfilmentState.RUNNING, ""),
        (0, FulfilmentState.RUNNING, ""),
        ("1", FulfilmentState.SUCCEEDED, ""),
        (9, FulfilmentState.REFUSED, "REVOKED"),
    ],
)
def test_states_of_submit_and_query(issuer, transport, state, found, code):
    transport.answers = [says(order(state)), says(order(state), code="0")]
    assert issuer.submit(REQUEST) == FulfilmentReport(NO, found, "S1", code, "", "answer")
    assert issuer.query(NO) == FulfilmentReport(NO, found, "S1", code, "", "query")
    assert transport.forms[1] == {"orderid": NO, "key": KEY}


@pytest.mark.parametrize(("wire", "ours"), REFUSED.items())
def test_listed_codes_are_refusals_of_a_submit_and_never_of_a_query(issuer, transport, wire, ours):
    transport.answers = [says(code=wire, reason="why"), says(code=wire)]
    assert issuer.submit(REQUEST) == FulfilmentReport(NO, FulfilmentState.REFUSED, "", ours, "why", "answer")
    assert issuer.query(NO) == FulfilmentUnknown(f"CODE_{wire}")


@pytest.mark.parametrize("wire", [10011, 10012, 10014, 10020, 208707, 208709, 299999, 1])
def test_codes_that_are_not_listed_are_unknown(issuer, transport, wire):
    transport.answers = [says(code=wire)]
    assert issuer.submit(REQUEST) == FulfilmentUnknown(f"CODE_{wire}")


def test_no_such_order(issuer, transport):
    transport.answers = [says(code=208707)]
    assert issuer.query(NO).state is FulfilmentState.NOT_FOUND


@pytest.mark.parametrize("fault", [NoAnswerError("x"), NotSentError("x")])
def test_a_broken_call_is_unknown(issuer, transport, fault):
    transport.answers = [fault] * 3
    assert isinstance(issuer.submit(REQUEST), FulfilmentUnknown)
    assert isinstance(issuer.query(NO), FulfilmentUnknown)
    assert isinstance(issuer.balance(), FulfilmentUnknown)


@pytest.mark.parametrize(
    "answer",
    [
        Response(200, {}, b"<html>"),
        Response(200, {}, b""),
        Response(200, {}, b"[]"),
        Response(200, {}, b"[" * 100_000),
        Response(200, {}, b"\xff"),
        says(order(), status=500),
        says(order(), status=429),
        says(order(), status=302),
        says(code=None),
        says(code=True),
        says(code=-1),
        says(code="0x0"),
        says(code=0.0),
        says(None),
        says([]),
        says(order("2")),
        says(order("")),
        says(order(None)),
        says(order(True)),
        says(order("1", uorderid="OTHER")),
    ],
)
def test_an_answer_that_is_not_whole_or_not_ours_is_unknown(issuer, transport, answer):
    transport.answers = [answer] * 2
    assert isinstance(issuer.submit(REQUEST), FulfilmentUnknown)
    assert isinstance(issuer.query(NO), FulfilmentUnknown)


def test_a_submit_answered_for_another_card_is_unknown(issuer, transport):
    transport.answers = [says(order("1", game_userid="1000111100001234568"))]
    assert isinstance(issuer.submit(REQUEST), FulfilmentUnknown)


@pytest.mark.parametrize(
    ("money", "amount"), [("100.00", 10_000), ("0", 0), (3, 300), ("12.3456", 1_234), ("-0.01", -1)]
)
def test_balance(issuer, transport, money, amount):
    transport.answers = [says({"uid": "u", "money": money})]
    assert issuer.balance() == amount
    assert transport.forms == [
        {"timestamp": "1795000000", "key": KEY, "sign": md5(f"{OPENID}{KEY}1795000000")}
    ]


@pytest.mark.parametrize("money", ["", "NaN", "Infinity", "1e99", "x", None, 1.5])
def test_a_balance_that_is_no_number(issuer, transport, money):
    transport.answers = [says({"money": money})]
    assert isinstance(issuer.balance(), FulfilmentUnknown)


def notice(**changes) -> bytes:
    fields = {"sporder_id": "S1", "orderid": NO, "sta": "1", "sign": md5(f"{KEY}S1{NO}"), "err_msg": ""}
    return urlencode({**fields, **changes}).encode()


def test_notices(issuer):
    assert issuer.read_notice(notice()) == FulfilmentReport(
        NO, FulfilmentState.SUCCEEDED, "S1", "", "", "notice"
    )
    refused = issuer.read_notice(notice(sta="9", err_msg="卡已挂失"))
    assert refused == FulfilmentReport(NO, FulfilmentState.REFUSED, "S1", "REVOKED", "卡已挂失", "notice")
    assert issuer.read_notice(notice(sign=md5(f"{KEY}S1{NO}").upper())).state is FulfilmentState.SUCCEEDED


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"%ff=1",
        b"{}",
        notice(sign=""),
        notice(sign="0" * 32),
        notice(sign=md5(f"{KEY}S1{NO}")[:-1]),
        notice(sign="é" * 32),
        notice(sporder_id="S2"),
        notice(orderid="OABCDEFGHIJKLMNOPQRSTUVWXYR02"),
        notice(sporder_id="S1" + NO[:1], orderid=NO[1:]) + b"&orderid=" + NO.encode(),
        notice(orderid="short", sign=md5(f"{KEY}S1short")),
        notice(orderid="no spaces here", sign=md5(f"{KEY}S1no spaces here")),
        notice(sta="0"),
        notice(sta="2"),
        notice(sta=""),
        notice() + b"&sta=9",
        notice(err_msg="x" * 9_000),
    ],
)
def test_notices_that_are_not_believed(issuer, body):
    with pytest.raises(IssuerNoticeRefusedError):
        issuer.read_notice(body)


def test_the_configuration_hides_its_secrets():
    shown = repr(JuheConfig(OPENID, KEY, "http://issuer.test"))
    assert OPENID not in shown
    assert KEY not in shown
