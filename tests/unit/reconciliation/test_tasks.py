"""People end differences: who may, how, with which entries, and never one alone above the limit."""

from typing import Any

import pytest
from unit.reconciliation.desk import COLLEAGUE, DAY, FINANCE, OPERATOR, Desk, lost_there, nobodys

from octane.kernel.errors import ForbiddenError, InputError
from octane.kernel.statement import LineKind
from octane.reconciliation import tasks
from octane.reconciliation.differences import Difference, DifferenceNotFoundError, DifferenceStateError
from octane.reconciliation.model import Source
from octane.reconciliation.resolve import resolve_differences
from octane.reconciliation.tasks import Action
from octane.store.cursors import CursorInvalidError
from octane.store.writes import ChangedMeanwhileError

SMALL, LARGE = 5_000, 50_000
"""Fen, on the two sides of the limit (10,000)."""
SUSPENSE, CLAIMS = "SUSPENSE:WECHAT", "CLAIMS:WECHAT"


def opened(desk: Any, difference: Difference) -> Difference:
    resolve_differences(desk, Source.WECHAT, DAY, 1, [difference])
    (found,) = tasks.list_differences(desk, FINANCE, DAY, Source.WECHAT, None).differences
    return found


def decided(desk: Any, difference: Difference, action: Action, reason: str = "as agreed") -> Difference:
    place = difference.day, difference.source, difference.id
    return tasks.decide(desk, FINANCE, place, action, reason, difference.version)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize(
    ("difference", "action", "account", "net"),
    [
        (lost_there(SMALL), Action.ACCEPT, "RECONCILIATION_LOSS", SMALL),
        (lost_there(SMALL), Action.WRITE_OFF, "RECONCILIATION_LOSS", SMALL),
        (lost_there(SMALL), Action.CHASE, CLAIMS, SMALL),
        (nobodys(SMALL), Action.ACCEPT, "UNEXPECTED_RECEIPTS", -SMALL),
        (nobodys(SMALL), Action.WRITE_OFF, "RECONCILIATION_GAIN", -SMALL),
        (lost_there(SMALL, kind=LineKind.REFUND), Action.ACCEPT, "RECONCILIATION_GAIN", -SMALL),
    ],
)
def test_a_decision_moves_what_was_set_apart(
    desk: Desk, difference: Difference, action: Action, account: str, net: int
) -> None:
    done = decided(desk, opened(desk, difference), action)

    assert desk.balance(SUSPENSE) == 0
    assert desk.balance(account) == net
    assert done.decided_by == FINANCE.user_id


def test_a_claim_stays_open_until_it_is_recovered(desk: Desk) -> None:
    chased = decided(desk, opened(desk, lost_there(SMALL)), Action.CHASE)
    assert [each.id for each in tasks.list_differences(desk, FINANCE, None, None, None).differences] == [
        chased.id
    ]

    recovered = decided(desk, chased, Action.RECOVER)

    assert recovered.state.value == "RECOVERED"
    assert desk.balance(CLAIMS) == 0
    assert desk.balance("CHANNEL_RECEIVABLE:WECHAT") == 0
    assert tasks.list_differences(desk, FINANCE, None, None, None).differences == []


def test_a_claim_that_fails_is_written_off(desk: Desk) -> None:
    chased = decided(desk, opened(desk, lost_there(SMALL)), Action.CHASE)

    decided(desk, chased, Action.WRITE_OFF)

    assert desk.balance(CLAIMS) == 0
    assert desk.balance("RECONCILIATION_LOSS") == SMALL


def test_a_claim_that_a_later_run_does_not_find_goes_back(desk: Any) -> None:
    decided(desk, opened(desk, lost_there(SMALL)), Action.CHASE)

    resolve_differences(desk, Source.WECHAT, DAY, 2, [])

    assert (desk.balance(CLAIMS), desk.balance(SUSPENSE), desk.balance("CHANNEL_RECEIVABLE:WECHAT")) == (
        0,
        0,
        0,
    )


def test_above_the_limit_another_person_must_approve(desk: Desk) -> None:
    proposed = decided(desk, opened(desk, lost_there(LARGE)), Action.WRITE_OFF)
    place = proposed.day, proposed.source, proposed.id
    assert proposed.state.value == "PROPOSED"
    assert desk.balance(SUSPENSE) == LARGE

    with pytest.raises(tasks.SamePersonError):
        tasks.approve(desk, FINANCE, place, proposed.version)  # type: ignore[arg-type]
    done = tasks.approve(desk, COLLEAGUE, place, proposed.version)  # type: ignore[arg-type]

    assert (done.state.value, done.proposed_by, done.decided_by) == ("WRITTEN_OFF", "ann", "bob")
    assert desk.balance("RECONCILIATION_LOSS") == LARGE


def test_a_refused_proposal_waits_as_before(desk: Any) -> None:
    proposed = decided(desk, opened(desk, lost_there(LARGE)), Action.WRITE_OFF)

    back = tasks.refuse(
        desk, COLLEAGUE, (DAY, Source.WECHAT, proposed.id), "ask them first", proposed.version
    )

    assert back.state.value == "OPEN"
    assert desk.balance(SUSPENSE) == LARGE


def test_a_proposal_about_figures_that_changed_is_void(desk: Any) -> None:
    proposed = decided(desk, opened(desk, lost_there(LARGE)), Action.WRITE_OFF)
    resolve_differences(desk, Source.WECHAT, DAY, 2, [lost_there(LARGE + 1)])

    with pytest.raises(DifferenceStateError):
        tasks.approve(desk, COLLEAGUE, (DAY, Source.WECHAT, proposed.id), proposed.version + 1)


@pytest.mark.parametrize("action", [Action.ACCEPT, Action.CHASE, Action.WRITE_OFF, Action.RECOVER])
def test_what_is_ended_stays_ended(desk: Desk, action: Action) -> None:
    ended = decided(desk, opened(desk, lost_there(SMALL)), Action.ACCEPT)
    before = desk.entries()

    with pytest.raises(DifferenceStateError):
        decided(desk, ended, action)

    assert desk.entries() == before


def test_two_people_at_once_do_not_both_decide(desk: Desk) -> None:
    found = opened(desk, lost_there(SMALL))
    decided(desk, found, Action.ACCEPT)

    with pytest.raises((ChangedMeanwhileError, DifferenceStateError)):
        decided(desk, found, Action.WRITE_OFF)


def test_a_surplus_cannot_be_chased_and_an_open_one_not_recovered(desk: Desk) -> None:
    found = opened(desk, nobodys(SMALL))

    for action in (Action.CHASE, Action.RECOVER):
        with pytest.raises(DifferenceStateError):
            decided(desk, found, action)


@pytest.mark.parametrize("reason", ["", "   ", "ok", "\t no\n"])
def test_a_reason_is_mandatory(desk: Desk, reason: str) -> None:
    found = opened(desk, nobodys(SMALL))

    with pytest.raises(tasks.ReasonMissingError):
        decided(desk, found, Action.ACCEPT, reason)


def test_only_finance_sees_and_decides(desk: Any) -> None:
    found = opened(desk, nobodys(SMALL))
    place = DAY, Source.WECHAT, found.id

    for forbidden in (
        lambda: tasks.list_differences(desk, OPERATOR, None, None, None),
        lambda: tasks.get_difference(desk, OPERATOR, place),
        lambda: tasks.decide(desk, OPERATOR, place, Action.ACCEPT, "as agreed", 1),
        lambda: tasks.approve(desk, OPERATOR, place, 1),
        lambda: tasks.refuse(desk, OPERATOR, place, "no, because", 1),
    ):
        with pytest.raises(ForbiddenError):
            forbidden()


def test_the_history_tells_every_step_and_why(desk: Any) -> None:
    proposed = decided(desk, opened(desk, lost_there(LARGE)), Action.WRITE_OFF, "too small to chase")
    place = DAY, Source.WECHAT, proposed.id
    tasks.approve(desk, COLLEAGUE, place, proposed.version)

    _, steps = tasks.get_difference(desk, FINANCE, place)

    told = [(step.version, step.state.value, step.by, step.suspense) for step in steps]
    assert told == [
        (1, "OPEN", "reconciliation", LARGE),
        (2, "PROPOSED", "ann", LARGE),
        (3, "WRITTEN_OFF", "bob", 0),
    ]
    assert steps[1].reason == "too small to chase"


def test_what_is_not_there_and_what_cannot_be_read_is_refused(desk: Any) -> None:
    with pytest.raises(DifferenceNotFoundError):
        tasks.get_difference(desk, FINANCE, (DAY, Source.ALIPAY, "x"))
    with pytest.raises(InputError):
        tasks.list_differences(desk, FINANCE, DAY, None, None)
    with pytest.raises(CursorInvalidError):
        tasks.list_differences(desk, FINANCE, None, None, "bm90IG9uZQ==")
