"""UnionPay's calendar: Beijing digits, years that are not told, and days that are cut at 23:00."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octane.channels.unionpay.moments import clearing_day, parse_trace_time, parse_txn_time, txn_time
from octane.kernel.clock import Instant

BEIJING = timezone(timedelta(hours=8))


def at(*parts: int) -> Instant:
    return Instant(round(datetime(*parts, tzinfo=BEIJING).timestamp()) * 1_000)


def test_beijing_not_utc():
    assert txn_time(Instant(round(datetime(2026, 12, 31, 16, tzinfo=UTC).timestamp()) * 1_000)) == (
        "20270101000000"
    )


@given(st.integers(946_684_800, 4_102_444_799))
def test_whole_seconds_survive(seconds):
    assert parse_txn_time(txn_time(Instant(seconds * 1_000))) == seconds * 1_000


@pytest.mark.parametrize(
    "text",
    ["", "2026", "20260230000000", "2026-01-01 00:0", "２０２６０１０１００００００", "202601010000000"],
)
def test_what_is_no_moment(text):
    with pytest.raises(ValueError, match=r".*"):
        parse_txn_time(text)


def test_a_trace_time_has_the_year_of_its_sending():
    assert parse_trace_time("1118190700", "20261118190640") == at(2026, 11, 18, 19, 7)
    assert parse_trace_time("1118190600", "20261118190640") == at(2026, 11, 18, 19, 6)


def test_new_year():
    assert parse_trace_time("0101000005", "20261231235958") == at(2027, 1, 1, 0, 0, 5)


def test_a_leap_day_that_a_year_does_not_have():
    assert parse_trace_time("0229000000", "20280228235900") == at(2028, 2, 29)
    with pytest.raises(ValueError, match=r".*"):
        parse_trace_time("0229000000", "20260228235900")


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (at(2026, 11, 18, 22, 59, 59), date(2026, 11, 18)),
        (at(2026, 11, 18, 23), date(2026, 11, 19)),
        (at(2026, 12, 31, 23), date(2027, 1, 1)),
        (at(2026, 11, 18, 0), date(2026, 11, 18)),
    ],
)
def test_a_clearing_day_is_cut_at_23(moment, day):
    assert clearing_day(moment) == day
