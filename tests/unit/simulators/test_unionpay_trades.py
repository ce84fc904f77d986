"""UnionPay's books as a pure state machine: a virtual clock, no wire."""

from dataclasses import replace
from random import SystemRandom

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.bills.rows import Heading, RowKind
from simulators.protocol import RefusedError
from simulators.unionpay.clearing import CUT_HOURS, FORM, bill_rows
from simulators.unionpay.records import REFUND, VOID, Order, ReturnOrder, Trade
from simulators.unionpay.trades import TradeBooks, settle_day

MER_ID = "777290012345678"
START = 1_795_000_000_000
"""2026-11-18 19:06:40 in Beijing."""
CUT = 1_795_014_000_000
"""23:00:00 of that day."""
TIME = "20261118190640"
ORDER = Order((MER_ID, "ORDER1P01", TIME), 5_000, START + 900_000, "http://127.0.0.1/n", "0")


class Desk:
    """Books with a clock that the test moves."""

    def __init__(self) -> None:
        self.at = START
        self.books = TradeBooks(lambda: self.at, SystemRandom())

    def paid(self) -> Trade:
        self.books.open(ORDER)
        trade = self.books.pay("ORDER1P01")
        self.books.take_notices()
        return trade

    def back(self, number: str, fen: int, kind: str = REFUND) -> ReturnOrder:
        trade = self.books.look_up("ORDER1P01")
        assert trade is not None
        url = "http://127.0.0.1/r"
        return ReturnOrder((MER_ID, number, TIME), kind, trade.query_id, fen, url, "0", "ORDER1P01")


@pytest.fixture
def desk() -> Desk:
    return Desk()


def refused(code: str) -> "pytest.RaisesExc[RefusedError]":
    return pytest.raises(RefusedError, match=f" {code} ")


def test_a_number_and_time_are_used_once(desk: Desk) -> None:
    first = desk.books.open(ORDER)
    with refused("12"):
        desk.books.open(ORDER)
    other = desk.books.open(replace(ORDER, identity=(MER_ID, "ORDER1P01", "20261118190641")))
    assert len({first.tn, other.tn}) == 2


def test_a_payment_is_captured_once_and_told_once(desk: Desk) -> None:
    trade = desk.paid()
    with refused("12"):
        desk.books.pay(trade.tn)
    assert desk.books.take_notices() == []
    assert desk.books.totals()["captured_fen"] == 5_000


def test_a_failed_try_can_be_tried_again(desk: Desk) -> None:
    trade = desk.books.open(ORDER)
    assert desk.books.fail(trade.tn, "64").failed == "64"
    assert not desk.books.pay(trade.tn).failed


def test_a_tn_dies_by_its_timeout_and_only_a_late_success_can_pay_it(desk: Desk) -> None:
    trade = desk.books.open(ORDER)
    desk.at += 900_000
    with refused("39"):
        desk.books.pay(trade.tn)
    assert desk.books.pay(trade.tn, late=True).late


def test_a_wrong_amount_is_what_the_books_captured(desk: Desk) -> None:
    desk.books.open(ORDER)
    assert desk.books.pay("ORDER1P01", amount_fen=4_999).paid_fen == 4_999


def test_a_refund_is_accepted_then_done_and_told(desk: Desk) -> None:
    desk.paid()
    first = desk.books.send_back(desk.back("REFUND01", 100))
    with refused("12"):
        desk.books.send_back(desk.back("REFUND01", 100))
    assert (first.code, desk.books.settle()) == ("05", START + desk.books.refund_ms)
    desk.at += desk.books.refund_ms
    assert desk.books.settle() is None
    assert first.code == "00"
    [notice] = desk.books.take_notices()
    assert (notice.operation, notice.event, notice.content["reqReserved"]) == (
        "refund_notice",
        "04",
        "ORDER1P01",
    )


def test_a_void_and_a_refund_are_one_identity(desk: Desk) -> None:
    """Given a void under a number, when a refund comes under the same, then money goes back once."""
    desk.paid()
    desk.books.send_back(desk.back("REFUND01", 5_000, VOID))
    with refused("12"):
        desk.books.send_back(desk.back("REFUND01", 5_000, REFUND))
    with refused("45"):
        desk.books.send_back(desk.back("REFUND02", 1, REFUND))
    assert desk.books.totals()["refund_pending_fen"] == 5_000


def test_a_void_is_whole_and_of_its_day(desk: Desk) -> None:
    desk.paid()
    with refused("36"):
        desk.books.send_back(desk.back("REFUND01", 4_999, VOID))
    desk.at = CUT
    with refused("39"):
        desk.books.send_back(desk.back("REFUND01", 5_000, VOID))
    assert desk.books.send_back(desk.back("REFUND01", 5_000, REFUND))


def test_a_void_after_a_part_went_back(desk: Desk) -> None:
    desk.paid()
    desk.books.send_back(desk.back("REFUND01", 1))
    with refused("36"):
        desk.books.send_back(desk.back("REFUND02", 5_000, VOID))


def test_a_refund_of_nothing_known(desk: Desk) -> None:
    desk.paid()
    with refused("34"):
        desk.books.send_back(replace(desk.back("REFUND01", 1), original_query_id="ORDER1P01"))
    with refused("36"):
        desk.books.send_back(replace(desk.back("REFUND01", 1), identity=("777290000000000", "R", TIME)))


def test_a_failed_refund_gives_its_amount_free_again(desk: Desk) -> None:
    desk.paid()
    desk.books.send_back(desk.back("REFUND01", 5_000), stay=True)
    with refused("45"):
        desk.books.send_back(desk.back("REFUND02", 5_000))
    desk.books.end_return("REFUND01", "01")
    assert desk.books.take_notices() == []
    assert desk.books.send_back(desk.back("REFUND02", 5_000))


def test_days_are_cut_at_23(desk: Desk) -> None:
    assert (settle_day(CUT) - settle_day(CUT - 1)).days == 1


def test_the_clearing_rows_are_the_settled_ones_of_the_day(desk: Desk) -> None:
    desk.paid()
    desk.books.send_back(desk.back("REFUND01", 100))
    desk.books.send_back(desk.back("REFUND02", 200), stay=True)
    desk.at = CUT
    desk.books.settle()
    paid, back = bill_rows(desk.books, MER_ID)
    assert (paid.kind, back.kind) == (RowKind.PAYMENT, RowKind.REFUND)
    for row, at, code in ((paid, START, b"S22"), (back, CUT, b"S30")):
        heading = Heading(settle_day(at), MER_ID, CUT_HOURS)
        assert heading.holds(row.at)
        record = FORM.draft(heading, [row]).encode()
        assert (record[:3], len(record)) == (code, 607 + len("\r\n"))
    assert bill_rows(desk.books, "777290000000000") == []


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 5),
            st.sampled_from([1, 100, 2_500, 4_999, 5_000, 5_001]),
            st.sampled_from([REFUND, VOID]),
            st.sampled_from(["00", "01"]),
        ),
        max_size=12,
    )
)
def test_what_goes_back_never_exceeds_what_was_captured(tries: list[tuple[int, int, str, str]]) -> None:
    desk = Desk()
    desk.paid()
    for number, fen, kind, ends in tries:
        try:
            desk.books.send_back(desk.back(f"REFUND0{number}", fen, kind), ends=ends)
        except RefusedError:
            assert number
        desk.at += 100
        desk.books.settle()
        totals = desk.books.totals()
        assert totals["refunded_fen"] + totals["refund_pending_fen"] <= totals["captured_fen"] == 5_000
