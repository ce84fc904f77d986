"""WeChat Pay's books as a pure state machine: a virtual clock, no wire."""

from dataclasses import replace
from random import SystemRandom

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.protocol import RefusedError
from simulators.wechat.records import Prepay, RefundOrder, RefundStatus, TradeState
from simulators.wechat.trades import REFERENCE_MS, TradeBooks

OWNER = ("1900000001", "")
START = 1_770_000_000_000
ORDER = Prepay(
    kind="JSAPI",
    appid="wx1",
    mchid=OWNER[0],
    sub_appid="",
    sub_mchid="",
    out_trade_no="ORDER1P01",
    description="card",
    attach="",
    total_fen=5_000,
    notify_url="http://127.0.0.1/n",
    openid="o1",
    sub_openid="",
    expires_at=START + 900_000,
)


class Desk:
    """Books with a clock that the test moves."""

    def __init__(self) -> None:
        self.at = START
        self.books = TradeBooks(lambda: self.at, SystemRandom())


@pytest.fixture
def desk() -> Desk:
    return Desk()


def refund(number: str, fen: int) -> RefundOrder:
    return RefundOrder(OWNER, number, "ORDER1P01", "", fen, 5_000, "why", "http://127.0.0.1/r")


def refused(code: str) -> "pytest.RaisesExc[RefusedError]":
    return pytest.raises(RefusedError, match=f" {code} ")


def test_the_same_prepay_gives_the_same_trade_and_another_one_is_refused(desk: Desk) -> None:
    first = desk.books.prepay(ORDER)
    assert desk.books.prepay(ORDER) is first
    with refused("OUT_TRADE_NO_USED"):
        desk.books.prepay(replace(ORDER, total_fen=5_001))


def test_a_payment_is_captured_once_and_told_once(desk: Desk) -> None:
    desk.books.prepay(ORDER)
    desk.books.pay("ORDER1P01")
    for again in (lambda: desk.books.pay("ORDER1P01"), lambda: desk.books.prepay(ORDER)):
        with refused("ORDERPAID"):
            again()
    [notice] = desk.books.take_notices()
    assert (notice.event, notice.content["amount"]["total"]) == ("TRANSACTION.SUCCESS", 5_000)
    assert desk.books.take_notices() == []
    assert desk.books.totals()["captured_fen"] == 5_000


def test_only_the_customer_who_opened_it_pays(desk: Desk) -> None:
    desk.books.prepay(ORDER)
    with refused("PAYER_MISMATCH"):
        desk.books.pay("ORDER1P01", openid="o2")


def test_an_expired_trade_is_closed_and_only_a_late_success_can_pay_it(desk: Desk) -> None:
    desk.books.prepay(ORDER)
    desk.at += 900_000
    assert desk.books.trade(OWNER, "ORDER1P01").state is TradeState.CLOSED
    with refused("ORDER_CLOSED"):
        desk.books.pay("ORDER1P01")
    assert desk.books.pay("ORDER1P01", late=True).late


def test_a_wrong_amount_is_what_the_books_captured(desk: Desk) -> None:
    desk.books.prepay(ORDER)
    trade = desk.books.pay("ORDER1P01", amount_fen=4_999)
    assert (trade.paid_fen, desk.books.totals()["captured_fen"]) == (4_999, 4_999)


def test_a_prepay_id_lives_two_hours_and_is_renewed(desk: Desk) -> None:
    order = replace(ORDER, expires_at=None)
    old = desk.books.prepay(order).reference
    desk.at += REFERENCE_MS
    with refused("PREPAY_EXPIRED"):
        desk.books.pay(old)
    fresh = desk.books.prepay(order).reference
    assert fresh != old
    assert desk.books.pay(fresh).paid


def test_a_refund_is_in_progress_then_done_and_told(desk: Desk) -> None:
    desk.books.prepay(ORDER)
    with refused("TRADE_ERROR"):
        desk.books.refund(refund("R1", 100))
    desk.books.pay("ORDER1P01")
    desk.books.take_notices()
    first = desk.books.refund(refund("R1", 100))
    assert desk.books.refund(refund("R1", 100)) is first
    with refused("INVALID_REQUEST"):
        desk.books.refund(refund("R1", 101))
    assert desk.books.settle() == START + desk.books.refund_ms
    desk.at += desk.books.refund_ms
    assert desk.books.settle() is None
    assert first.status is RefundStatus.SUCCESS
    assert [notice.event for notice in desk.books.take_notices()] == ["REFUND.SUCCESS"]
    assert desk.books.trade(OWNER, "ORDER1P01").state is TradeState.REFUND


def test_a_refund_that_stays_ends_when_it_is_told_to(desk: Desk) -> None:
    desk.books.prepay(ORDER)
    desk.books.pay("ORDER1P01")
    desk.books.refund(refund("R1", 100), stay=True)
    desk.at += 10**9
    assert desk.books.settle() is None
    assert desk.books.totals()["refund_pending_fen"] == 100
    desk.books.end_refund("R1", RefundStatus.CLOSED)
    assert desk.books.totals()["refund_pending_fen"] == 0


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 6), st.integers(1, 5_000), st.sampled_from(list(RefundStatus)[1:])),
        max_size=12,
    )
)
def test_refunds_never_exceed_what_was_captured(tries: list[tuple[int, int, RefundStatus]]) -> None:
    desk = Desk()
    desk.books.prepay(ORDER)
    desk.books.pay("ORDER1P01")
    for number, fen, ends in tries:
        try:
            desk.books.refund(refund(f"R{number}", fen), ends=ends)
        except RefusedError:
            assert number
        desk.at += 100
        desk.books.settle()
        totals = desk.books.totals()
        assert totals["refunded_fen"] + totals["refund_pending_fen"] <= totals["captured_fen"] == 5_000
