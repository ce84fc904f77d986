"""Alipay's books as a pure state machine: a virtual clock, no wire."""

from dataclasses import replace
from random import SystemRandom

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.alipay.records import Order, Status
from simulators.alipay.rules import CANCEL_WINDOW_MS, REFUND_WINDOW_MS
from simulators.alipay.trades import TradeBooks
from simulators.protocol import RefusedError

START = 1_770_000_000_000
ORDER = Order(
    method="create",
    out_trade_no="ORDER1P01",
    total_fen=5_000,
    subject="card",
    buyer_open_id="o1",
    op_app_id="2021",
    product_code="JSAPI_PAY",
    sub_merchant="",
    notify_url="http://127.0.0.1/n",
    expires_at=START + 900_000,
)
CODE = replace(ORDER, method="precreate", buyer_open_id="", op_app_id="", product_code="")


class Desk:
    """Books with a clock that the test moves."""

    def __init__(self) -> None:
        self.at = START
        self.books = TradeBooks(lambda: self.at, SystemRandom())


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def paid(desk: Desk) -> Desk:
    desk.books.create(ORDER)
    desk.books.pay("ORDER1P01")
    desk.books.take_notices()
    return desk


def refused(code: str) -> "pytest.RaisesExc[RefusedError]":
    return pytest.raises(RefusedError, match=f" ACQ.{code} ")


def test_the_same_create_gives_the_same_trade_and_another_one_is_refused(desk: Desk) -> None:
    first = desk.books.create(ORDER)
    assert desk.books.create(ORDER) is first
    with refused("CONTEXT_INCONSISTENT"):
        desk.books.create(replace(ORDER, total_fen=5_001))
    with refused("CONTEXT_INCONSISTENT"):
        desk.books.precreate(CODE)


def test_a_code_is_no_trade_until_it_is_scanned(desk: Desk) -> None:
    code = desk.books.precreate(CODE)
    assert desk.books.precreate(CODE) is code
    for ask in (desk.books.trade, desk.books.close):
        with refused("TRADE_NOT_EXIST"):
            ask("ORDER1P01")
    trade = desk.books.scan(code.qr_code, "o2")
    assert trade.status is Status.WAIT
    assert desk.books.scan(code.qr_code) is trade is desk.books.trade("ORDER1P01")
    assert desk.books.pay(code.qr_code).buyer_open_id == "o2"


def test_paying_a_code_scans_it(desk: Desk) -> None:
    code = desk.books.precreate(CODE)
    assert desk.books.pay(code.qr_code).paid_fen == 5_000
    assert desk.books.totals()["captured_fen"] == 5_000


def test_a_code_is_over_with_its_order(desk: Desk) -> None:
    code = desk.books.precreate(CODE)
    desk.at += 900_000
    with refused("QRCODE_EXPIRED"):
        desk.books.pay(code.qr_code)
    assert desk.books.pay(code.qr_code, late=True).late


def test_a_payment_is_captured_once_and_told_once(desk: Desk) -> None:
    desk.books.create(ORDER)
    desk.books.pay("ORDER1P01")
    for again in (lambda: desk.books.pay("ORDER1P01"), lambda: desk.books.create(ORDER)):
        with refused("TRADE_HAS_SUCCESS"):
            again()
    [notice] = desk.books.take_notices()
    assert (notice.event, notice.content["total_amount"]) == ("TRADE_SUCCESS", "50.00")
    assert desk.books.take_notices() == []


def test_only_the_customer_who_opened_it_pays(desk: Desk) -> None:
    desk.books.create(ORDER)
    with refused("TRADE_BUYER_NOT_MATCH"):
        desk.books.pay("ORDER1P01", "o2")


def test_an_expired_trade_is_closed_and_only_a_late_success_can_pay_it(desk: Desk) -> None:
    desk.books.create(ORDER)
    desk.at += 900_000
    assert desk.books.trade("ORDER1P01").status is Status.CLOSED
    for over in (lambda: desk.books.pay("ORDER1P01"), lambda: desk.books.create(ORDER)):
        with refused("TRADE_HAS_CLOSE"):
            over()
    assert desk.books.pay("ORDER1P01", late=True).late


def test_an_order_that_is_over_already_is_refused(desk: Desk) -> None:
    with refused("NOW_TIME_AFTER_EXPIRE_TIME_ERROR"):
        desk.books.create(replace(ORDER, expires_at=START))


def test_only_an_open_trade_can_be_closed(desk: Desk) -> None:
    desk.books.create(ORDER)
    assert desk.books.close("ORDER1P01").status is Status.CLOSED
    with refused("REASON_TRADE_STATUS_INVALID"):
        desk.books.close("ORDER1P01")


def test_a_wrong_amount_is_what_the_books_captured(desk: Desk) -> None:
    desk.books.create(ORDER)
    assert desk.books.pay("ORDER1P01", amount_fen=4_999).paid_fen == 4_999


def test_a_refund_moves_money_once(paid: Desk) -> None:
    trade = paid.books.trade("ORDER1P01")
    first, moved = paid.books.refund(trade, "R1", 100)
    assert moved
    assert paid.books.refund(trade, "R1", 100) == (first, False)
    with refused("DISCORDANT_REPEAT_REQUEST"):
        paid.books.refund(trade, "R1", 101)
    with refused("REFUND_AMT_NOT_EQUAL_TOTAL"):
        paid.books.refund(trade, "R2", 4_901)
    assert trade.status is Status.SUCCESS
    paid.books.refund(trade, "R3", 4_900)
    assert trade.status is Status.CLOSED
    with refused("TRADE_HAS_CLOSE"):
        paid.books.refund(trade, "R4", 1)
    assert paid.books.refund(trade, "R1", 100) == (first, False), "a replay is answered for ever"
    assert [notice.content["refund_fee"] for notice in paid.books.take_notices()] == ["1.00", "50.00"]


def test_an_unpaid_trade_gives_nothing_back(desk: Desk) -> None:
    trade = desk.books.create(ORDER)
    with refused("TRADE_STATUS_ERROR"):
        desk.books.refund(trade, "R1", 1)


def test_a_refund_may_take_its_time_stay_or_fail(paid: Desk) -> None:
    trade = paid.books.trade("ORDER1P01")
    paid.books.refund_ms = 300
    slow, moved = paid.books.refund(trade, "R1", 100)
    assert (moved, slow.done, paid.books.settle()) == (False, False, START + 300)
    paid.at += 300
    assert paid.books.settle() is None
    assert slow.done
    stays, _ = paid.books.refund(trade, "R2", 100, stay=True)
    paid.at += 10**9
    assert paid.books.settle() is None
    assert paid.books.totals()["refund_pending_fen"] == 100
    assert paid.books.end_refund("R2") is stays
    failed, moved = paid.books.refund(trade, "R3", 4_800, fail=True)
    assert (moved, failed.done) == (False, False)
    assert paid.books.totals()["refunded_fen"] == 200
    again, _ = paid.books.refund(trade, "R3", 4_800)
    assert again is not failed


def test_a_cancel_closes_or_gives_back(desk: Desk) -> None:
    assert desk.books.cancel("ORDER1P01") == (None, "")
    trade = desk.books.create(ORDER)
    assert desk.books.cancel("ORDER1P01") == (trade, "close")
    other = desk.books.create(replace(ORDER, out_trade_no="ORDER2P01"))
    desk.books.pay("ORDER2P01")
    assert desk.books.cancel("ORDER2P01") == (other, "refund")
    assert desk.books.cancel("ORDER2P01") == (other, "refund"), "once, however often"
    assert (other.refunded_fen, other.status) == (5_000, Status.CLOSED)
    assert desk.books.totals()["refunded_fen"] == 5_000


def test_a_cancel_leaves_an_unscanned_code_payable_unless_it_is_set_to_void_it(desk: Desk) -> None:
    code = desk.books.precreate(CODE)
    assert desk.books.cancel("ORDER1P01") == (None, "")
    desk.books.cancel_voids_codes = True
    assert desk.books.cancel("ORDER1P01") == (None, "close")
    with refused("QRCODE_EXPIRED"):
        desk.books.pay(code.qr_code)


def test_what_is_too_old_or_partly_given_back_is_not_cancelled(paid: Desk) -> None:
    trade = paid.books.trade("ORDER1P01")
    paid.at += CANCEL_WINDOW_MS + 1
    with refused("TRADE_CANCEL_TIME_OUT"):
        paid.books.cancel("ORDER1P01")
    paid.books.refund(trade, "R1", 1)
    with refused("REASON_TRADE_REFUND_FEE_ERR"):
        paid.books.cancel("ORDER1P01")
    paid.at += REFUND_WINDOW_MS
    assert paid.books.trade("ORDER1P01").status is Status.FINISHED
    for late in (lambda: paid.books.cancel("ORDER1P01"), lambda: paid.books.refund(trade, "R2", 1)):
        with refused("TRADE_HAS_FINISHED"):
            late()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(1, 5_000), st.booleans(), st.booleans()), max_size=12)
)
def test_refunds_never_exceed_what_was_captured(tries: list[tuple[int, int, bool, bool]]) -> None:
    desk = Desk()
    trade = desk.books.create(ORDER)
    desk.books.pay("ORDER1P01")
    for number, fen, stay, fail in tries:
        try:
            if number:
                desk.books.refund(trade, f"R{number}", fen, stay=stay, fail=fail)
            else:
                desk.books.cancel("ORDER1P01")
        except RefusedError:
            assert trade.paid
        totals = desk.books.totals()
        assert totals["refunded_fen"] + totals["refund_pending_fen"] <= totals["captured_fen"]
