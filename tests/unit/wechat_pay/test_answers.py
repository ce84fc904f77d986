"""What comes back: yes, a definite no, or unknown; an answer that does not verify is never trusted."""

import pytest

from octane.channels.port import (
    CloseResult,
    PaymentMethod,
    PaymentProof,
    PaymentRequest,
    Prepared,
    RefundReport,
    RefundRequest,
    RefundState,
    Refused,
    Trade,
    TradeState,
    Unknown,
)
from octane.kernel.clock import Instant
from octane.kernel.money import Fen
from octane.wire.http import NoAnswerError, NotSentError, Response

NO = "OABCDEFGHIJKLMNOPQRSTUVWXYP01"
NOW = Instant(1_795_000_000_000)
TRADE = Trade(NO, NOW, Instant(1_795_000_900_000))
PAYMENT = PaymentRequest(TRADE, PaymentMethod.WECHAT_JSAPI, Fen(10_000), "x", "o-payer")
REFUND = RefundRequest(
    "OABCDEFGHIJKLMNOPQRSTUVWXYF01", TRADE, "4200001", Fen(2_500), Fen(10_000), "x", NOW, NOW
)
CALLS = {
    "prepare": lambda channel: channel.prepare(PAYMENT),
    "query": lambda channel: channel.query(TRADE),
    "close": lambda channel: channel.close(TRADE),
    "refund": lambda channel: channel.refund(REFUND),
    "query_refund": lambda channel: channel.query_refund(REFUND),
}


@pytest.fixture
def ask(channel, transport):
    """Make one call that is answered so."""

    def make(call, answer):
        transport.answers = [answer]
        return call(channel)

    return make


every_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


@every_call
def test_no_answer_is_unknown(channel, transport, call):
    transport.answers = [NoAnswerError("reset")]
    assert isinstance(call(channel), Unknown)


def test_a_call_that_never_left_is_a_refusal_where_it_would_change_something(channel, transport):
    transport.answers = [NotSentError("refused") for _ in CALLS]
    assert channel.prepare(PAYMENT).code == "NOT_SENT"
    assert channel.refund(REFUND).code == "NOT_SENT"
    assert isinstance(channel.query(TRADE), Unknown)
    assert isinstance(channel.close(TRADE), Unknown)
    assert isinstance(channel.query_refund(REFUND), Unknown)


def _without(name):
    return lambda answer: Response(
        answer.status, {key: value for key, value in answer.headers.items() if key != name}, answer.body
    )


def _with(name, value):
    return lambda answer: Response(answer.status, {**answer.headers, name: value}, answer.body)


BREAKS = {
    "no signature": _without("wechatpay-signature"),
    "no timestamp": _without("wechatpay-timestamp"),
    "no nonce": _without("wechatpay-nonce"),
    "no serial": _without("wechatpay-serial"),
    "other serial": _with("wechatpay-serial", "7777"),
    "the other key's serial": _with("wechatpay-serial", "PUB_KEY_ID_0112345"),
    "other nonce": _with("wechatpay-nonce", "other"),
    "signature of something else": _with("wechatpay-signature", "c29tZXRoaW5n"),
    "signature no base64": _with("wechatpay-signature", "@@@"),
    "other body": lambda answer: Response(answer.status, answer.headers, answer.body + b" "),
}


@every_call
@pytest.mark.parametrize("status", [200, 404, 400])
@pytest.mark.parametrize("break_it", BREAKS.values(), ids=BREAKS)
def test_an_answer_that_does_not_verify_is_unknown(ask, platform, call, status, break_it):
    fields = {"code": "ORDER_NOT_EXIST"} if status == 404 else {"code": "PARAM_ERROR", "prepay_id": "wx-1"}
    assert isinstance(ask(call, break_it(platform.answer(status, fields))), Unknown)


@pytest.mark.parametrize("age", [-300, 300, 3_600])
def test_an_old_answer_is_unknown(channel, transport, platform, clock, age):
    body = b'{"prepay_id":"wx-1"}'
    headers = platform.headers(body, timestamp=clock.now() // 1_000 - age)
    transport.answers = [Response(200, headers, body)]
    assert isinstance(channel.prepare(PAYMENT), Unknown)


@every_call
@pytest.mark.parametrize("body", [b"<html>", b"[]", b'"x"', b"\xff", b"[" * 100_000, b"{}", b"null"])
def test_an_answer_with_wrong_content_is_unknown(channel, transport, platform, call, body):
    transport.answers = [platform.answer(200, body=body)]
    outcome = call(channel)
    if outcome is CloseResult.CLOSED:
        assert body == b"{}"
    else:
        assert isinstance(outcome, Unknown)


@every_call
@pytest.mark.parametrize(
    ("status", "code"),
    [
        (500, "SYSTEM_ERROR"),
        (502, "ORDER_NOT_EXIST"),
        (429, "PARAM_ERROR"),
        (429, "FREQUENCY_LIMITED"),
        (400, "NEW"),
    ],
)
def test_what_settles_nothing_is_unknown(ask, platform, call, status, code):
    assert isinstance(ask(call, platform.error(status, code)), Unknown)


@pytest.mark.parametrize(
    "code",
    [
        "PARAM_ERROR",
        "SIGN_ERROR",
        "NO_AUTH",
        "APPID_MCHID_NOT_MATCH",
        "ACCOUNT_ERROR",
        "TRADE_ERROR",
        "ORDER_CLOSED",
    ],
)
def test_prepay_refusals(channel, transport, platform, code):
    transport.answers = [platform.error(400, code)]
    assert channel.prepare(PAYMENT) == Refused(code, f"about {code}")


@pytest.mark.parametrize(
    "code", ["ORDERPAID", "OUT_TRADE_NO_USED", "INVALID_REQUEST", "FREQUENCY_LIMITED", "USERPAYING"]
)
def test_prepay_codes_that_a_query_must_settle(channel, transport, platform, code):
    transport.answers = [platform.error(403, code)]
    assert channel.prepare(PAYMENT) == Unknown(code)


@pytest.mark.parametrize(
    ("status", "code", "result"),
    [
        (400, "ORDERPAID", CloseResult.PAID),
        (400, "ORDER_PAID", CloseResult.PAID),
        (400, "ORDER_CLOSED", CloseResult.CLOSED),
        (404, "ORDER_NOT_EXIST", CloseResult.NOT_FOUND),
        (403, "FREQUENCY_LIMITED", Unknown("FREQUENCY_LIMITED")),
        (400, "INVALID_REQUEST", Unknown("INVALID_REQUEST")),
        (404, "MCH_NOT_EXISTS", Unknown("MCH_NOT_EXISTS")),
    ],
)
def test_close_results(ask, platform, status, code, result):
    assert ask(CALLS["close"], platform.error(status, code)) == result


@pytest.mark.parametrize("code", ["NOT_ENOUGH", "INVALID_REQUEST", "PARAM_ERROR", "RESOURCE_NOT_EXISTS"])
def test_refund_refusals(channel, transport, platform, code):
    transport.answers = [platform.error(403, code)]
    assert channel.refund(REFUND) == Refused(code, f"about {code}")


def test_a_refund_with_a_bad_key_of_ours_stays_owed(channel, transport, platform):
    transport.answers = [platform.error(401, "SIGN_ERROR")]
    assert channel.refund(REFUND) == Unknown("SIGN_ERROR")


def test_nothing_there(channel, transport, platform):
    transport.answers = [
        platform.error(404, "ORDER_NOT_EXIST"),
        platform.error(404, "RESOURCE_NOT_EXISTS"),
        platform.error(404, "MCH_NOT_EXISTS"),
    ]
    assert channel.query(TRADE) is TradeState.NOT_FOUND
    assert channel.query_refund(REFUND) is RefundState.NOT_FOUND
    assert channel.query(TRADE) == Unknown("MCH_NOT_EXISTS")


def test_query_proves_a_payment(channel, transport, platform, trade):
    transport.answers = [platform.answer(200, trade)]
    assert channel.query(TRADE) == PaymentProof(
        NO, "4200000000000001", Fen(10_000), Instant(1_795_004_800_000), "o-payer", "query"
    )


def test_a_refunded_trade_was_still_paid(channel, transport, platform, trade):
    transport.answers = [platform.answer(200, {**trade, "trade_state": "REFUND"})]
    assert isinstance(channel.query(TRADE), PaymentProof)


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ("NOTPAY", TradeState.NOT_PAID),
        ("USERPAYING", TradeState.NOT_PAID),
        ("PAYERROR", TradeState.NOT_PAID),
        ("CLOSED", TradeState.CLOSED),
        ("REVOKED", TradeState.CLOSED),
    ],
)
def test_query_states(channel, transport, platform, state, found):
    fields = {"mchid": "1900000001", "appid": "wx0000000000000001", "out_trade_no": NO, "trade_state": state}
    transport.answers = [platform.answer(200, fields)]
    assert channel.query(TRADE) is found


@pytest.mark.parametrize(
    "change",
    [
        {"mchid": "1900000002"},
        {"appid": "wx-other"},
        {"out_trade_no": "OTHER"},
        {"trade_type": "MICROPAY"},
        {"trade_state": "NEW"},
        {"trade_state": None},
        {"transaction_id": ""},
        {"success_time": "yesterday"},
        {"success_time": "2026-11-18T20:26:40"},
        {"amount": {"total": 0}},
        {"amount": {"total": True}},
        {"amount": {"total": 100.0}},
        {"amount": {"total": "10000"}},
        {"amount": {"total": 100, "currency": "USD"}},
        {"amount": None},
        {"sp_mchid": "1900000001", "sub_mchid": ""},
    ],
    ids=str,
)
def test_a_query_answer_that_is_not_ours_or_not_whole_is_unknown(channel, transport, platform, trade, change):
    transport.answers = [platform.answer(200, {**trade, **change})]
    assert isinstance(channel.query(TRADE), Unknown)


def test_partner_query(partner, channel, transport, platform, partner_trade):
    transport.answers = [platform.answer(200, partner_trade)]
    assert partner.query(TRADE).payer_id == "o-payer"
    assert transport.last.url.endswith(f"/{NO}?sp_mchid=1900000001&sub_mchid=1900000099")
    transport.answers = [platform.answer(200, {**partner_trade, "sub_mchid": "1900000098"})]
    assert isinstance(partner.query(TRADE), Unknown)
    transport.answers = [platform.answer(200, partner_trade)]
    assert isinstance(channel.query(TRADE._replace(sub_merchant="1900000099")), PaymentProof)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("SUCCESS", RefundState.SUCCEEDED),
        ("CLOSED", RefundState.CLOSED),
        ("ABNORMAL", RefundState.ABNORMAL),
        ("PROCESSING", RefundState.PROCESSING),
    ],
)
def test_refund_states(ask, platform, refund_answer, status, state):
    answer = platform.answer(200, {**refund_answer, "status": status})
    assert ask(CALLS["query_refund"], answer).state is state


@pytest.mark.parametrize(
    "change",
    [
        {"status": "NOT_FOUND"},
        {"out_refund_no": "X"},
        {"refund_id": None},
        {"amount": {"refund": -1}},
        {"out_trade_no": "X"},
    ],
    ids=str,
)
def test_a_refund_answer_that_is_not_ours_or_not_whole_is_unknown(
    channel, transport, platform, refund_answer, change
):
    transport.answers = [platform.answer(200, {**refund_answer, **change})]
    assert isinstance(channel.refund(REFUND), Unknown)


def test_both_verifiers_are_held_at_once(channel, transport, platform, successor, refund_answer):
    transport.answers = [
        platform.answer(200, {"prepay_id": "by-certificate"}),
        successor.answer(200, {"prepay_id": "by-public-key"}),
        successor.answer(200, refund_answer),
    ]
    assert channel.prepare(PAYMENT) == Prepared("by-certificate")
    assert channel.prepare(PAYMENT) == Prepared("by-public-key")
    assert isinstance(channel.refund(REFUND), RefundReport)
