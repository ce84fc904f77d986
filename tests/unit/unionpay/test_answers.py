"""What comes back: yes, a definite no, or unknown; an answer that does not verify is never trusted."""

import pytest

from octane.channels.port import (
    CloseResult,
    PaymentProof,
    Prepared,
    Refused,
    TradeState,
    Unknown,
)
from octane.kernel.clock import Instant
from octane.wire.http import NoAnswerError, NotSentError, Response

NO = "OABCDEFGHIJKLMNOPQRSTUVWXYP01"
MINUTE = 60_000
CALLS = ("prepare", "query", "close", "refund", "query_refund")
every_call = pytest.mark.parametrize("name", CALLS)


@pytest.fixture
def ask(channel, transport, trade, payment, refund):
    """Make one call that is answered so."""
    subjects = {"prepare": payment, "query": trade, "close": trade}

    def make(name, answer):
        transport.answers = [answer]
        return getattr(channel, name)(subjects.get(name, refund))

    return make


def good(platform, name):
    """An answer that the call would act on."""
    if name == "prepare":
        return platform.about_trade(tn="61880")
    if name in ("query", "close"):
        return platform.about_trade(origRespCode="00", **platform.paid())
    return platform.about_refund(origRespCode="00")


@every_call
def test_no_answer_is_unknown(ask, name):
    answer = ask(name, NoAnswerError("reset"))
    assert isinstance(answer, Unknown)
    assert answer.no_answer


def test_a_call_that_never_left_is_a_refusal_where_it_would_change_something(ask):
    for name in ("prepare", "refund"):
        assert ask(name, NotSentError("no route")).code == "NOT_SENT"
    for name in ("query", "close", "query_refund"):
        answer = ask(name, NotSentError("no route"))
        assert isinstance(answer, Unknown)
        assert answer.reason.startswith("NOT_SENT")


@every_call
@pytest.mark.parametrize("status", [302, 400, 404, 500, 503])
def test_another_status_is_unknown_whatever_it_says(ask, platform, name, status):
    answer = good(platform, name)
    assert isinstance(ask(name, Response(status, {}, answer.body)), Unknown)


def broken(platform, other_keys, answer):
    fields = dict(pair.split("=", 1) for pair in answer.body.decode().split("&"))
    unsigned = {name: value for name, value in fields.items() if name != "signature"}

    def raw(changed):
        return "&".join(f"{name}={value}" for name, value in changed.items()).encode()

    flipped = ("A" if fields["signature"][0] != "A" else "B") + fields["signature"][1:]
    other_path = {**unsigned, "signPubKeyCert": other_keys.signer_pem}
    yield "flipped signature", raw({**fields, "signature": flipped})
    yield "no signature", raw(unsigned)
    yield "empty signature", raw({**fields, "signature": ""})
    yield "flipped field", raw({**fields, "respMsg": "成功"})
    yield "added field", raw({**fields, "extra": "1"})
    yield "field twice", answer.body + b"&respCode=00"
    yield "another key", raw(platform.message(other_keys.signer_private_key_pem, **unsigned))
    yield "another authority", raw(platform.message(other_keys.signer_private_key_pem, **other_path))
    yield "no certificate", raw(platform.message(**{**unsigned, "signPubKeyCert": None}))
    yield "another merchant", raw(platform.message(**{**unsigned, "merId": "777290000000000"}))
    yield "another order", raw(platform.message(**{**unsigned, "orderId": "OTHERORDER01"}))
    yield "another time", raw(platform.message(**{**unsigned, "txnTime": "20261118190641"}))
    yield "no order", raw(platform.message(**{**unsigned, "orderId": None}))
    yield "another version", raw(platform.message(**{**unsigned, "version": "5.0.0"}))
    yield "another method", raw(platform.message(**{**unsigned, "signMethod": "11"}))
    yield "another charset", raw(platform.message(**{**unsigned, "encoding": "GBK"}))
    yield "GBK bytes", answer.body.decode().encode("gbk")
    yield "percent-encoded", answer.body.replace(b"+", b"%2B").replace(b"/", b"%2F")
    yield "empty", b""
    yield "no pairs", b"<html>busy</html>"
    yield "huge", b"a=" + b"x" * 1_000_000


@every_call
def test_an_answer_with_one_thing_broken_is_unknown(ask, platform, other_keys, name):
    whole = good(platform, name)
    assert not isinstance(ask(name, whole), Unknown)
    for what, body in broken(platform, other_keys, whole):
        assert isinstance(ask(name, Response(200, {}, body)), Unknown), what


def test_an_expired_certificate_is_not_believed(ask, platform, clock):
    clock.at = Instant(clock.at + 6 * 365 * 24 * 60 * MINUTE)
    assert isinstance(ask("query", good(platform, "query")), Unknown)


def test_a_tn(ask, platform):
    assert ask("prepare", platform.about_trade(tn="61880")) == Prepared("61880")
    assert isinstance(ask("prepare", platform.about_trade()), Unknown)


@pytest.mark.parametrize("code", ["01", "10", "11", "13", "31", "32", "33", "43"])
def test_a_prepare_that_is_definitely_refused(ask, platform, code):
    assert ask("prepare", platform.about_trade(respCode=code, respMsg="why")) == Refused(code, "why")


@pytest.mark.parametrize("code", ["03", "04", "05", "06", "12", "34", "42", "99", "ZZ", None])
def test_a_prepare_that_may_have_left_a_tn_behind(ask, platform, code):
    assert isinstance(ask("prepare", platform.about_trade(respCode=code)), Unknown)


@pytest.mark.parametrize("code", ["00", "A6"])
def test_a_query_proves_a_payment(ask, platform, code):
    assert ask("query", platform.about_trade(origRespCode=code, **platform.paid())) == PaymentProof(
        NO, "442611181906407846498", 10_000, Instant(1_795_000_020_000), "622155******0018", "query"
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"txnAmt": None},
        {"txnAmt": "0"},
        {"txnAmt": "-1"},
        {"txnAmt": "1.00"},
        {"txnAmt": "１"},
        {"txnAmt": "9" * 13},
        {"currencyCode": "840"},
        {"currencyCode": None},
        {"queryId": None},
        {"txnType": "04"},
        {"traceTime": "1399000000"},
        {"subMerId": "898310012345678"},
    ],
    ids=str,
)
def test_a_payment_that_cannot_be_read_is_unknown(ask, platform, wrong):
    fields = {"origRespCode": "00", **platform.paid(), **wrong}
    assert isinstance(ask("query", platform.about_trade(**fields)), Unknown)


def test_card_numbers_are_masked_and_encrypted_ones_dropped(ask, platform):
    for told, kept in {
        "6221558812340000": "622155******0000",
        "6221 **** **** 0000": "6221********0000"[:6] + "******0000",
        "cDg4jpD9tKxlI4si91lomXcSjQeOyOxEFLmMc9BL": "",
        "1234": "",
    }.items():
        proof = ask("query", platform.about_trade(origRespCode="00", **platform.paid(accNo=told)))
        assert proof.payer_id == kept


@pytest.mark.parametrize("code", ["03", "04", "05"])
def test_in_progress_is_not_paid(ask, platform, clock, trade, code):
    for at in (trade.opened_at, trade.expires_at + 60 * MINUTE):
        clock.at = Instant(at)
        assert ask("query", platform.about_trade(origRespCode=code)) is TradeState.NOT_PAID


AFTER = {
    "before": (-1, TradeState.NOT_PAID, TradeState.NOT_PAID),
    "at payTimeout": (0, TradeState.NOT_PAID, TradeState.NOT_PAID),
    "within the margin": (59_999, TradeState.NOT_PAID, TradeState.NOT_PAID),
    "after": (60_000, TradeState.NOT_FOUND, TradeState.CLOSED),
}


@pytest.mark.parametrize(("past", "absent", "failed"), AFTER.values(), ids=AFTER)
def test_absence_and_failure_end_a_trade_only_after_its_time(
    ask, platform, clock, trade, past, absent, failed
):
    clock.at = Instant(trade.expires_at + past)
    assert ask("query", platform.about_trade(respCode="34")) is absent
    for code in ("01", "64", "70"):
        assert ask("query", platform.about_trade(origRespCode=code)) is failed


@pytest.mark.parametrize("code", ["42", "A1", "99", "", None])
def test_what_no_table_knows_is_unknown(ask, platform, clock, trade, code):
    clock.at = Instant(trade.expires_at + 60 * MINUTE)
    for name in ("query", "close"):
        assert isinstance(ask(name, platform.about_trade(origRespCode=code)), Unknown)


@pytest.mark.parametrize("code", ["01", "03", "06", "10", "11", "37", "99"])
def test_a_question_that_failed_says_nothing_of_the_trade(ask, platform, clock, trade, code):
    clock.at = Instant(trade.expires_at + 60 * MINUTE)
    for name in ("query", "close", "query_refund"):
        about = platform.about_refund if name == "query_refund" else platform.about_trade
        assert isinstance(ask(name, about(respCode=code)), Unknown)


CLOSES = {
    "paid": ({"origRespCode": "00"}, CloseResult.PAID, CloseResult.PAID, CloseResult.PAID),
    "absent": ({"respCode": "34"}, None, CloseResult.CLOSED, CloseResult.CLOSED),
    "failed": ({"origRespCode": "64"}, None, CloseResult.CLOSED, CloseResult.CLOSED),
    "accepted": ({"origRespCode": "05"}, None, None, CloseResult.CLOSED),
    "timed out": ({"origRespCode": "03"}, None, None, None),
    "unclear": ({"origRespCode": "04"}, None, None, None),
    "debited too late": ({"origRespCode": "42"}, None, None, None),
}


@pytest.mark.parametrize("case", CLOSES.values(), ids=CLOSES)
def test_a_close_is_confirmed_by_time_and_a_query_together(ask, platform, clock, trade, case):
    fields, early, settled, late = case
    paid = platform.paid() if fields.get("origRespCode") == "00" else {}
    for past, expected in ((-1, early), (59_999, early), (60_000, settled), (5 * MINUTE, late)):
        clock.at = Instant(trade.expires_at + past)
        answer = ask("close", platform.about_trade(**{**paid, **fields}))
        if expected is None:
            assert isinstance(answer, Unknown)
        else:
            assert answer is expected


def test_a_close_too_early_says_so(ask, platform):
    assert ask("close", platform.about_trade(respCode="34")) == Unknown("NOT_CLOSABLE_YET")


def test_a_success_that_cannot_be_read_is_no_proof_of_a_payment(ask, platform, clock, trade):
    clock.at = Instant(trade.expires_at + 60 * MINUTE)
    answer = ask("close", platform.about_trade(origRespCode="00", **platform.paid(txnAmt="x")))
    assert isinstance(answer, Unknown)
