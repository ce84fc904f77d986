"""What comes back: yes, a definite no, or unknown; an answer that does not verify is never trusted."""

from dataclasses import replace

import pytest

from octane.channels.alipay.client import CODE_GRACE_MS, CancelResult
from octane.channels.port import (
    CloseResult,
    PaymentProof,
    Prepared,
    Refused,
    TradeState,
    Unknown,
)
from octane.kernel.clock import Instant
from octane.kernel.money import Fen
from octane.wire.http import NoAnswerError, NotSentError, Response

NO = "OABCDEFGHIJKLMNOPQRSTUVWXYP01"
REFUND_NO = "OABCDEFGHIJKLMNOPQRSTUVWXYF01"
TRADE_NO = "2026111822001400000000000001"
NAMES = {
    "prepare": "trade_create",
    "query": "trade_query",
    "close": "trade_close",
    "cancel": "trade_cancel",
    "refund": "trade_refund",
    "query_refund": "trade_fastpay_refund_query",
}
NUMBERS = {"out_trade_no": NO, "trade_no": TRADE_NO}


every_call = pytest.mark.parametrize("call", NAMES)


@every_call
def test_no_answer_is_unknown(ask, call):
    assert isinstance(ask(call, NoAnswerError("reset")), Unknown)


def test_a_call_that_never_left_is_a_refusal_where_it_would_change_something(ask):
    for call in NAMES:
        answer = ask(call, NotSentError("refused"))
        if call in ("prepare", "refund"):
            assert (type(answer), answer.code) == (Refused, "NOT_SENT")
        else:
            assert isinstance(answer, Unknown)
            assert answer.reason.startswith("NOT_SENT")


@every_call
@pytest.mark.parametrize("status", [301, 404, 429, 500, 502, 503])
def test_another_http_status_is_unknown_whatever_it_carries(ask, platform, call, status):
    good = platform.answer(NAMES[call], **NUMBERS, action="close", fund_change="Y", refund_fee="25.00")
    assert isinstance(ask(call, Response(status, {}, good.body)), Unknown)


def _body(change):
    return lambda answer: Response(200, {}, change(answer.body))


BREAKS = {
    "a flipped signature": _body(lambda body: body.replace(b'"sign":"', b'"sign":"A')),
    "no signature": _body(lambda body: body.replace(b'"sign":', b'"nosign":')),
    "an empty signature": _body(lambda body: body[: body.index(b'"sign"')] + b'"sign":""}'),
    "a signature that is a number": _body(lambda body: body[: body.index(b'"sign"')] + b'"sign":1}'),
    "a changed content": _body(lambda body: body.replace(b"10000", b"10001")),
    "content written again": _body(lambda body: body.replace(b'": "', b'":"')),
    "one key twice": _body(lambda body: body[:-1] + b',"sign":"x"}'),
    "two answers": _body(lambda body: body[:-1] + b',"error_response":{}}'),
    "another method's answer": _body(lambda body: body.replace(b'{"alipay_', b'{"alipay_x_', 1)),
    "more after the object": _body(lambda body: body + b"{}"),
    "half an answer": _body(lambda body: body[: len(body) // 2]),
    "no object": _body(lambda body: b"[]"),
    "nothing": _body(lambda body: b""),
    "HTML": _body(lambda body: b"<html></html>"),
    "another encoding": _body(lambda body: b'{"x":"\xb5\xe7"}' + body),
}


@every_call
@pytest.mark.parametrize("broken", BREAKS.values(), ids=BREAKS)
def test_an_answer_that_is_not_believed_is_unknown(ask, platform, call, broken):
    good = platform.answer(NAMES[call], **NUMBERS, action="close", fund_change="Y", refund_fee="25.00")
    assert isinstance(ask(call, broken(good)), Unknown)


@every_call
def test_another_key_is_not_believed(ask, stranger, call):
    assert ask(call, stranger.answer(NAMES[call], **NUMBERS)) == Unknown("ANSWER_SIGNATURE_INVALID")


@every_call
def test_one_field_twice_inside_the_content_is_unknown(ask, platform, call):
    content = '{"code":"40004","code":"10000","out_trade_no":"x"}'
    body = platform.body(f"alipay_{NAMES[call]}_response", content)
    assert ask(call, Response(200, {}, body)) == Unknown("ANSWER_UNREADABLE")


@every_call
@pytest.mark.parametrize(
    ("gateway", "code"),
    [
        ("20000", "isp.unknow-error"),
        ("20000", "aop.ACQ.SYSTEM_ERROR"),
        ("40004", "ACQ.SYSTEM_ERROR"),
        ("40004", "ACQ.SOMETHING_NEW"),
        ("40004", ""),
        ("99999", "ACQ.INVALID_PARAMETER"),
        ("", ""),
    ],
)
def test_what_settles_nothing_is_unknown(ask, platform, call, gateway, code):
    assert isinstance(ask(call, platform.error(NAMES[call], code, gateway)), Unknown)


@every_call
def test_the_gateways_own_refusal_proves_only_that_nothing_was_created(ask, platform, call):
    answer = ask(call, platform.error(NAMES[call], "isv.invalid-signature", "40002"))
    assert isinstance(answer, Refused if call == "prepare" else Unknown)


@every_call
def test_the_gateways_error_response_counts_when_it_is_signed(ask, platform, call):
    content = '{"code":"40002","msg":"Invalid","sub_code":"isv.invalid-app-id"}'
    signed = Response(200, {}, platform.body("error_response", content))
    assert isinstance(ask(call, signed), Refused if call == "prepare" else Unknown)
    unsigned = Response(200, {}, b'{"error_response":' + content.encode() + b"}")
    assert isinstance(ask(call, unsigned), Unknown)


@every_call
def test_a_good_answer_about_another_trade_is_unknown(ask, platform, call):
    answer = platform.answer(
        NAMES[call],
        out_trade_no="OTHER01",
        trade_no=TRADE_NO,
        trade_status="TRADE_SUCCESS",
        action="close",
        fund_change="Y",
        refund_fee="25.00",
        refund_status="REFUND_SUCCESS",
        out_request_no=REFUND_NO,
    )
    assert ask(call, answer) == Unknown("ANSWER_FOREIGN another trade")


def test_a_prepared_trade_and_a_prepared_code(ask, platform, code_payment):
    assert ask("prepare", platform.answer("trade_create", **NUMBERS)) == Prepared(TRADE_NO)
    coded = platform.answer("trade_precreate", out_trade_no=NO, qr_code="https://qr.test/1")
    assert ask("prepare", coded, about=code_payment) == Prepared("https://qr.test/1")
    empty = platform.answer("trade_precreate", out_trade_no=NO)
    assert isinstance(ask("prepare", empty, about=code_payment), Unknown)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ACQ.INVALID_PARAMETER", Refused),
        ("ACQ.TOTAL_FEE_EXCEED", Refused),
        ("ACQ.TRADE_HAS_CLOSE", Refused),
        ("ACQ.TRADE_HAS_SUCCESS", Unknown),
        ("ACQ.CONTEXT_INCONSISTENT", Unknown),
        ("ACQ.TRADE_BUYER_NOT_MATCH", Unknown),
    ],
)
def test_refusals_of_a_prepare(ask, platform, code, kind):
    assert type(ask("prepare", platform.error("trade_create", code))) is kind


def queried(platform, status, **more):
    fields = {
        **NUMBERS,
        "total_amount": "88.88",
        "buyer_open_id": "o1",
        "send_pay_date": "2026-11-18 20:26:40",
    }
    return platform.answer("trade_query", **{**fields, "trade_status": status, **more})


@pytest.mark.parametrize("status", ["TRADE_SUCCESS", "TRADE_FINISHED"])
def test_a_paid_trade_is_a_proof(ask, platform, status):
    proof = ask("query", queried(platform, status))
    assert proof == PaymentProof(NO, TRADE_NO, Fen(8_888), Instant(1_795_004_800_000), "o1", "query")


@pytest.mark.parametrize(
    ("status", "expected"),
    [("WAIT_BUYER_PAY", TradeState.NOT_PAID), ("TRADE_CLOSED", TradeState.CLOSED)],
)
def test_an_unpaid_trade_is_a_state(ask, platform, status, expected):
    assert ask("query", queried(platform, status)) is expected


def test_a_trade_that_gave_everything_back_holds_no_money(ask, platform):
    assert ask("query", queried(platform, "TRADE_CLOSED", buyer_pay_amount="88.88")) is TradeState.CLOSED


@pytest.mark.parametrize(
    "more",
    [
        {"trade_status": "TRADE_NEW"},
        {"total_amount": "0.00"},
        {"total_amount": "88.888"},
        {"total_amount": "8_8"},
        {"total_amount": "1e2"},
        {"total_amount": "-1.00"},
        {"total_amount": ["88.88"]},
        {"total_amount": "９"},
        {"total_amount": "9" * 15},
        {"send_pay_date": ""},
        {"send_pay_date": "2026-13-18 20:26:40"},
        {"send_pay_date": "18.11.2026"},
        {"trade_no": ""},
    ],
)
def test_a_proof_that_cannot_be_read_is_unknown(ask, platform, more):
    assert ask("query", queried(platform, "TRADE_SUCCESS", **more)) == Unknown("ANSWER_NOTICE_UNREADABLE")


def test_a_trade_that_is_not_there_counts_as_unpaid_while_its_code_may_be_scanned(
    ask, platform, clock, trade
):
    missing = platform.error("trade_query", "ACQ.TRADE_NOT_EXIST")
    assert ask("query", missing) is TradeState.NOT_PAID
    clock.at = Instant(trade.expires_at + CODE_GRACE_MS - 1)
    assert ask("query", missing) is TradeState.NOT_PAID
    clock.at = Instant(trade.expires_at + CODE_GRACE_MS)
    assert ask("query", missing) is TradeState.NOT_FOUND


def test_a_trade_that_is_not_there_cannot_be_closed_while_its_code_may_be_scanned(
    ask, platform, clock, trade
):
    missing = platform.error("trade_close", "ACQ.TRADE_NOT_EXIST")
    assert ask("close", missing) == Unknown("CODE_MAY_BE_SCANNED")
    clock.at = Instant(trade.expires_at + CODE_GRACE_MS)
    assert ask("close", missing) is CloseResult.NOT_FOUND


def test_a_closed_trade(ask, platform):
    assert ask("close", platform.answer("trade_close", **NUMBERS)) is CloseResult.CLOSED


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("TRADE_SUCCESS", CloseResult.PAID),
        ("TRADE_CLOSED", CloseResult.CLOSED),
        ("WAIT_BUYER_PAY", Unknown("TRADE_CHANGING")),
    ],
)
@pytest.mark.parametrize("code", ["ACQ.REASON_TRADE_STATUS_INVALID", "ACQ.TRADE_STATUS_ERROR"])
def test_a_trade_that_is_not_open_any_more_is_asked_about(ask, platform, transport, code, status, expected):
    answers = platform.error("trade_close", code), queried(platform, status)
    assert ask("close", *answers) == expected
    assert [request.parameters["method"] for request in transport.requests] == [
        "alipay.trade.close",
        "alipay.trade.query",
    ]


def test_closing_never_cancels(ask, platform, transport):
    ask("close", platform.error("trade_close", "ACQ.TRADE_NOT_EXIST"))
    ask("close", platform.error("trade_close", "ACQ.SYSTEM_ERROR"))
    assert {request.parameters["method"] for request in transport.requests} == {"alipay.trade.close"}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"action": "close"}, CancelResult.CLOSED),
        ({"action": "refund"}, CancelResult.REFUNDED),
        ({}, CancelResult.NOT_FOUND),
        ({"action": "close", "retry_flag": "Y"}, Unknown("RETRY")),
        ({"action": "other"}, Unknown("ANSWER_UNREADABLE action")),
    ],
)
def test_a_cancel_tells_what_it_did(ask, platform, more, expected):
    assert ask("cancel", platform.answer("trade_cancel", **NUMBERS, **more)) == expected


def test_certificate_mode_believes_the_certificates_that_we_hold(
    certified, transport, certified_platform, stranger, trade
):
    good = queried(certified_platform, "WAIT_BUYER_PAY")
    transport.answers = [good]
    assert certified.query(trade) is TradeState.NOT_PAID
    foreign = replace(stranger, certificate_sn=certified_platform.certificate_sn)
    unknown = replace(certified_platform, certificate_sn="0" * 32)
    unnamed = replace(certified_platform, certificate_sn="")
    for platform in (foreign, unknown, unnamed):
        transport.answers = [queried(platform, "WAIT_BUYER_PAY")]
        assert certified.query(trade) == Unknown("ANSWER_SIGNATURE_INVALID")


@pytest.mark.parametrize("away_ms", [-2 * 3_600_000, 6 * 365 * 86_400_000])
def test_a_certificate_outside_its_time_signs_nothing(
    certified, transport, certified_platform, clock, trade, away_ms
):
    clock.at = Instant(clock.at + away_ms)
    transport.answers = [queried(certified_platform, "WAIT_BUYER_PAY")]
    assert certified.query(trade) == Unknown("ANSWER_SIGNATURE_INVALID")
