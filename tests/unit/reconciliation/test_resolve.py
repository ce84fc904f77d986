"""What becomes of differences without a person: suspense, corrections, clearing, and never twice."""

import pytest
from unit.reconciliation.desk import DAY, Desk, lost_there, mismatch, nobodys, view

from octane.kernel.statement import LineKind
from octane.reconciliation.model import MatchClass, Source
from octane.reconciliation.resolve import (
    MOST_DIFFERENCES,
    StaleRunError,
    TooManyDifferencesError,
    resolve_differences,
)

RECEIVABLE, SUSPENSE = "CHANNEL_RECEIVABLE:WECHAT", "SUSPENSE:WECHAT"


def resolved(desk: Desk, version: int, *found: object) -> object:
    return resolve_differences(desk, Source.WECHAT, DAY, version, found)  # type: ignore[arg-type]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize(
    ("difference", "moved"),
    [
        (nobodys(5_000), 5_000),
        (nobodys(5_000, kind=LineKind.REFUND), -5_000),
        (lost_there(5_000), -5_000),
        (lost_there(5_000, kind=LineKind.REFUND), 5_000),
        (mismatch(view(5_000), view(4_999), "amount"), -1),
        (mismatch(view(5_000), view(5_001), "amount"), 1),
        (mismatch(view(5_000), view(5_000, status="FAILED"), "status"), -5_000),
        (mismatch(view(5_000), view(5_000, party="other"), "party"), 0),
        (nobodys(5_000, number="both-1")._replace(match_class=MatchClass.DUPLICATE_THERE), 5_000),
        (lost_there(5_000, number="both-1")._replace(match_class=MatchClass.DUPLICATE_HERE), -5_000),
    ],
)
def test_the_account_moves_to_what_the_bill_says_and_suspense_holds_the_rest(
    desk: Desk, difference: object, moved: int
) -> None:
    resolved(desk, 1, difference)

    assert desk.balance(RECEIVABLE) == moved
    assert desk.balance(SUSPENSE) == -moved
    (row,) = desk.differences()
    assert row["state"] == "OPEN"
    assert row["suspense"] == -moved


def test_the_same_run_again_and_a_newer_one_book_nothing_twice(desk: Desk) -> None:
    resolved(desk, 1, nobodys(), lost_there(700))
    before = desk.entries()

    again = resolved(desk, 1, nobodys(), lost_there(700))
    newer = resolved(desk, 2, nobodys(), lost_there(700))

    assert desk.entries() == before
    assert again == newer
    assert getattr(newer, "known") == 2  # noqa: B009 - the type is the tuple's own


def test_what_a_newer_run_does_not_find_is_cleared_and_its_suspense_goes_back(desk: Desk) -> None:
    resolved(desk, 1, nobodys())

    resolved(desk, 2)

    assert desk.balance(SUSPENSE) == 0
    assert desk.balance(RECEIVABLE) == 0
    (row,) = desk.differences()
    assert row["state"] == "CLEARED"
    assert "open_shard" not in row


def test_what_comes_back_after_it_was_cleared_is_open_again(desk: Desk) -> None:
    resolved(desk, 1, nobodys())
    resolved(desk, 2)

    resolved(desk, 3, nobodys())

    (row,) = desk.differences()
    assert (row["state"], row["reason"]) == ("OPEN", "FOUND_AGAIN")
    assert desk.balance(SUSPENSE) == -5_000


def test_a_corrected_bill_corrects_what_is_set_apart(desk: Desk) -> None:
    resolved(desk, 1, nobodys(5_000))

    resolved(desk, 2, nobodys(4_000))

    assert desk.balance(SUSPENSE) == -4_000
    assert desk.balance(RECEIVABLE) == 4_000


def test_an_older_run_cannot_undo_a_newer_one(desk: Desk) -> None:
    resolved(desk, 2, nobodys())

    with pytest.raises(StaleRunError):
        resolved(desk, 1)

    assert desk.balance(SUSPENSE) == -5_000


def test_an_older_run_that_is_overtaken_half_way_books_nothing_more(desk: Desk) -> None:
    def found() -> object:
        yield nobodys(1_000, "first")
        resolve_differences(desk, Source.WECHAT, DAY, 2, [])  # type: ignore[arg-type]
        yield nobodys(2_000, "second")

    with pytest.raises(StaleRunError):
        resolve_differences(desk, Source.WECHAT, DAY, 1, found())  # type: ignore[arg-type]

    assert desk.balance(SUSPENSE) == 0


def test_a_fee_within_the_rule_needs_nobody_and_one_beyond_it_does(desk: Desk) -> None:
    within = mismatch(view(10_000, fee=60), view(10_000, fee=61), "fee")
    beyond = mismatch(view(10_000, fee=60), view(10_000, fee=62), "fee")._replace(number="both-2")

    resolved(desk, 1, within, beyond)

    states = {row["number"]: row["state"] for row in desk.differences()}
    assert states == {"both-1": "ACCEPTED", "both-2": "OPEN"}
    assert desk.entries() == []


def test_what_is_in_transit_is_nobodys_task(desk: Desk) -> None:
    resolved(desk, 1, nobodys()._replace(match_class=MatchClass.IN_TRANSIT))

    assert desk.differences() == []
    assert desk.entries() == []


def test_a_day_that_is_broken_as_a_whole_books_nothing(desk: Desk) -> None:
    crowd = [nobodys(100, f"n{number}") for number in range(MOST_DIFFERENCES + 1)]

    with pytest.raises(TooManyDifferencesError):
        resolved(desk, 1, *crowd)

    assert desk.entries() == []
    assert desk.signals.names == ["TooManyDifferences"]
