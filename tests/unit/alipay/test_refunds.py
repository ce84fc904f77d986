"""What Alipay says of a refund: done, not yet, never, or another's."""

import pytest

from octane.channels.port import RefundReport, RefundState, Refused, Unknown
from octane.kernel.clock import Instant
from octane.kernel.money import Fen

NO = "OABCDEFGHIJKLMNOPQRSTUVWXYP01"
REFUND_NO = "OABCDEFGHIJKLMNOPQRSTUVWXYF01"
TRADE_NO = "2026111822001400000000000001"
NUMBERS = {"out_trade_no": NO, "trade_no": TRADE_NO}


def refunded(platform, **more):
    fields = {"fund_change": "Y", "refund_fee": "25.00", "gmt_refund_pay": "2026-11-18 20:26:40"}
    return platform.answer("trade_refund", **{**NUMBERS, **fields, **more})


def test_a_refund_that_moved_money_is_done(ask, platform):
    report = ask("refund", refunded(platform))
    assert report == RefundReport(
        REFUND_NO,
        NO,
        RefundState.SUCCEEDED,
        Fen(2_500),
        f"{TRADE_NO}/{REFUND_NO}",
        Instant(1_795_004_800_000),
        "answer",
    )


def test_a_refund_that_moved_nothing_now_is_asked_about_later(ask, platform):
    report = ask("refund", refunded(platform, fund_change="N", refund_fee="0.00"))
    assert (report.state, report.amount) == (RefundState.PROCESSING, 2_500)


@pytest.mark.parametrize(
    "more",
    [
        {"refund_fee": "24.99"},
        {"refund_fee": ""},
        {"refund_fee": "x"},
        {"trade_no": "2026111822001400000000000002"},
        {"gmt_refund_pay": "yesterday"},
    ],
)
def test_a_refund_answer_that_does_not_fit_is_unknown(ask, platform, more):
    assert isinstance(ask("refund", refunded(platform, **more)), Unknown)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ACQ.SELLER_BALANCE_NOT_ENOUGH", Refused),
        ("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", Refused),
        ("ACQ.TRADE_STATUS_ERROR", Refused),
        ("ACQ.DISCORDANT_REPEAT_REQUEST", Unknown),
    ],
)
def test_refusals_of_a_refund(ask, platform, code, kind):
    assert type(ask("refund", platform.error("trade_refund", code))) is kind


def found(platform, number=REFUND_NO, **more):
    fields = {"refund_status": "REFUND_SUCCESS", "refund_amount": "25.00", "out_request_no": number}
    return platform.answer("trade_fastpay_refund_query", **{**NUMBERS, **fields, **more})


def test_a_full_refund_after_a_cancel_is_the_cancels_own(ask, platform, refund, transport):
    whole = refund._replace(amount=Fen(8_888))
    refusal = platform.error("trade_refund", "ACQ.TRADE_HAS_CLOSE")
    report = ask("refund", refusal, found(platform, NO, refund_amount="88.88"), about=whole)
    assert (report.state, report.amount, report.refund_no) == (RefundState.SUCCEEDED, 8_888, REFUND_NO)
    assert transport.last.content["out_request_no"] == NO
    nothing = platform.answer("trade_fastpay_refund_query")
    assert isinstance(ask("refund", refusal, nothing, about=whole), Refused)
    assert isinstance(ask("refund", refusal), Refused), "a part is not what a cancel gives back"


def test_a_refund_is_found_or_not(ask, platform):
    report = ask("query_refund", found(platform))
    assert (report.state, report.amount, report.source) == (RefundState.SUCCEEDED, 2_500, "query")
    assert ask("query_refund", platform.answer("trade_fastpay_refund_query")) is RefundState.NOT_FOUND
    missing = platform.error("trade_fastpay_refund_query", "ACQ.TRADE_NOT_EXIST")
    assert ask("query_refund", missing) is RefundState.NOT_FOUND
    assert ask("query_refund", found(platform, "OTHER")) == Unknown("ANSWER_FOREIGN another trade")
    assert isinstance(ask("query_refund", found(platform, refund_status="REFUND_NEW")), Unknown)
    assert isinstance(ask("query_refund", found(platform, refund_amount="1,000.00")), Unknown)
