"""Money back: void or refund, one identity for both, and what each code means."""

import pytest

from octane.channels.port import RefundReport, RefundState, Refused, Unknown
from octane.kernel.clock import Instant
from octane.kernel.money import Fen

NO = "OABCDEFGHIJKLMNOPQRSTUVWXYP01"
REFUND_NO = "OABCDEFGHIJKLMNOPQRSTUVWXYF01"
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
CUT = 1_795_014_000_000
"""2026-11-18 23:00:00 in Beijing."""


@pytest.fixture
def give_back(channel, transport, refund):
    """Ask for the money back with one answer prepared; returns the outcome."""

    def make(answer, request=refund, call="refund"):
        transport.answers = [answer]
        return getattr(channel, call)(request)

    return make


@pytest.fixture
def whole(refund):
    return refund._replace(amount=Fen(10_000))


def kind(transport):
    return {"04": "refund", "31": "void"}[transport.last.fields["txnType"]]


def test_accepted_is_in_progress_until_a_query_says_more(give_back, platform):
    for code in ("00", "A6", "05"):
        assert give_back(platform.about_refund(respCode=code)) == RefundReport(
            REFUND_NO, NO, RefundState.PROCESSING, 2_500, "552611181907007846499", None, "answer"
        )


@pytest.mark.parametrize("code", ["12", "35", "45"])
def test_a_repeated_number_or_a_returned_payment_sends_us_to_the_query(give_back, platform, code):
    report = give_back(platform.about_refund(respCode=code, queryId=None))
    assert (report.state, report.channel_refund_id) == (RefundState.PROCESSING, "")


@pytest.mark.parametrize("code", ["01", "10", "13", "31", "32", "33", "34", "36", "39", "43"])
def test_a_definite_no(give_back, platform, code):
    assert give_back(platform.about_refund(respCode=code, respMsg="why")) == Refused(code, "why")


@pytest.mark.parametrize("code", ["03", "04", "06", "11", "38", "42", "60", "99", "", None])
def test_every_other_code_is_unknown(give_back, platform, code):
    assert isinstance(give_back(platform.about_refund(respCode=code)), Unknown)


MOMENTS = {
    "same day": (CUT - 4 * HOUR, CUT - 3 * HOUR, CUT - 2 * HOUR, "void"),
    "just before the margin": (CUT - 4 * HOUR, CUT - 3 * HOUR, CUT - 10 * MINUTE - 1, "void"),
    "within the margin": (CUT - 4 * HOUR, CUT - 3 * HOUR, CUT - 10 * MINUTE, "refund"),
    "after the cut": (CUT - 4 * HOUR, CUT - 3 * HOUR, CUT, "refund"),
    "paid the day before": (CUT - DAY - 1, CUT - 3 * HOUR, CUT - 2 * HOUR, "refund"),
    "paid at the cut that begins the day": (CUT - DAY, CUT - 3 * HOUR, CUT - 2 * HOUR, "void"),
    "asked for the day before": (CUT - DAY - 1, CUT - DAY - 1, CUT - 2 * HOUR, "refund"),
    "paid and asked late at night": (CUT + MINUTE, CUT + 2 * MINUTE, CUT + 3 * MINUTE, "void"),
    "exactly a year later": (CUT - 4 * HOUR, CUT - 3 * HOUR, CUT - 2 * HOUR + 365 * DAY, "refund"),
}


@pytest.mark.parametrize("moments", MOMENTS.values(), ids=MOMENTS)
def test_a_whole_payment_is_voided_within_its_clearing_day(
    give_back, platform, transport, clock, whole, moments
):
    paid, asked, now, expected = moments
    clock.at = Instant(now)
    request = whole._replace(paid_at=Instant(paid), requested_at=Instant(asked))
    give_back(platform.about_refund(), request)
    assert kind(transport) == expected


def test_a_part_is_never_voided(give_back, platform, transport, refund):
    give_back(platform.about_refund(), refund)
    assert kind(transport) == "refund"


def test_a_void_and_a_refund_share_one_identity(give_back, platform, transport, clock, whole):
    """Given a void that may have been lost, when the day is over, then the refund goes under its number."""
    give_back(platform.about_refund(), whole)
    first = transport.last.fields
    clock.at = Instant(CUT)
    give_back(platform.about_refund(), whole)
    second = transport.last.fields
    assert (first["txnType"], second["txnType"]) == ("31", "04")
    for name in ("orderId", "txnTime", "origQryId", "txnAmt"):
        assert first[name] == second[name]


def test_a_void_can_be_asked_for_by_name(give_back, platform, transport, whole):
    assert give_back(platform.about_refund(), whole, "void").state is RefundState.PROCESSING
    assert kind(transport) == "void"


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("00", RefundState.SUCCEEDED),
        ("A6", RefundState.SUCCEEDED),
        ("05", RefundState.PROCESSING),
        ("03", RefundState.PROCESSING),
        ("04", RefundState.PROCESSING),
        ("01", RefundState.CLOSED),
        ("64", RefundState.CLOSED),
    ],
)
@pytest.mark.parametrize("txn_type", ["04", "31"])
def test_a_query_of_a_refund(give_back, platform, refund, code, state, txn_type):
    answer = platform.about_refund(origRespCode=code, txnType=txn_type, traceTime="1118190800")
    report = give_back(answer, refund, "query_refund")
    assert report == RefundReport(
        REFUND_NO,
        NO,
        state,
        2_500,
        "552611181907007846499",
        Instant(1_795_000_080_000) if state is RefundState.SUCCEEDED else None,
        "query",
    )


def test_a_refund_that_unionpay_does_not_know(give_back, platform, refund):
    answer = platform.about_refund(respCode="34")
    assert give_back(answer, refund, "query_refund") is RefundState.NOT_FOUND


@pytest.mark.parametrize(
    "wrong",
    [
        {"origQryId": "999999999999999999999"},
        {"txnType": "01"},
        {"txnAmt": None},
        {"txnAmt": "0"},
        {"currencyCode": "840"},
        {"origRespCode": "42"},
        {"origRespCode": None},
        {"traceTime": "nonsense"},
    ],
    ids=str,
)
def test_a_refund_that_is_not_this_one_is_unknown(give_back, platform, refund, wrong):
    answer = platform.about_refund(**{"origRespCode": "00", **wrong})
    assert isinstance(give_back(answer, refund, "query_refund"), Unknown)
