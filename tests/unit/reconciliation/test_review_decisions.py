"""What a person has ended, and a bill or our books that say something else afterwards: never silently."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.reconciliation.desk import COLLEAGUE, DAY, FINANCE, NOON, Desk, lost_there, mismatch, nobodys, view

from octane.kernel.clock import Instant
from octane.kernel.money import Fen
from octane.kernel.statement import LineKind
from octane.ledger.entries import Entry, post, transfer
from octane.ledger.topup import payment_received, recharge_succeeded, refund_succeeded
from octane.orders.repair import Repair
from octane.reconciliation import resolve, tasks
from octane.reconciliation.differences import (
    WAITING,
    Difference,
    DifferenceState,
    DifferenceStateError,
    opened,
)
from octane.reconciliation.model import MatchClass, Source
from octane.reconciliation.tasks import Action

RECEIVABLE, SUSPENSE, LOSS = "CHANNEL_RECEIVABLE:WECHAT", "SUSPENSE:WECHAT", "RECONCILIATION_LOSS"
ORDER = "O" + "A" * 25
PAYMENT = f"{ORDER}P01"


def run(desk: Any, version: int, *found: Difference) -> resolve.Resolution:
    return resolve.resolve_differences(desk, Source.WECHAT, DAY, version, found)


def only(desk: Any, source: Source = Source.WECHAT) -> Difference:
    (found,) = tasks.list_differences(desk, FINANCE, DAY, source, None).differences
    return found


def decide(desk: Any, action: Action) -> Difference:
    old = only(desk)
    return tasks.decide(desk, FINANCE, (old.day, old.source, old.id), action, "as agreed", old.version)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize("action", [Action.ACCEPT, Action.WRITE_OFF])
def test_a_bill_that_changes_after_the_decision_opens_it_again_for_the_change(
    desk: Desk, action: Action
) -> None:
    # Given a difference that a person has ended
    run(desk, 1, nobodys(5_000))
    decide(desk, action)

    # When the bill is corrected, and the day run again, twice
    assert run(desk, 2, nobodys(4_000)).opened == 1
    assert run(desk, 3, nobodys(4_000)).known == 1

    # Then the account is what the bill says, and only the change waits
    task = only(desk)
    assert desk.balance(RECEIVABLE) == 4_000
    assert (task.state, task.suspense, desk.balance(SUSPENSE)) == (DifferenceState.OPEN, 1_000, 1_000)

    # And when that is ended too, all is told
    decide(desk, Action.WRITE_OFF)
    assert (desk.balance(RECEIVABLE), desk.balance(SUSPENSE)) == (4_000, 0)
    assert run(desk, 4, nobodys(4_000)).known == 1


def test_what_was_accepted_and_then_is_not_found_any_more_comes_back(desk: Desk) -> None:
    """A loss was accepted; then the bill is corrected and has the line after all."""
    run(desk, 1, lost_there(5_000))
    decide(desk, Action.ACCEPT)

    run(desk, 2)
    run(desk, 3)

    task = only(desk)
    assert (task.state, task.suspense) == (DifferenceState.OPEN, -5_000)
    assert (desk.balance(RECEIVABLE), desk.balance(SUSPENSE), desk.balance(LOSS)) == (0, -5_000, 5_000)
    decide(desk, Action.WRITE_OFF)
    assert (desk.balance(SUSPENSE), desk.balance("RECONCILIATION_GAIN")) == (0, -5_000)
    assert run(desk, 4).cleared == 0


def test_found_gone_and_found_again_moves_the_account_each_time(desk: Desk) -> None:
    run(desk, 1, nobodys(5_000))
    decide(desk, Action.ACCEPT)
    for version, found in enumerate([(), (nobodys(5_000),), (nobodys(3_000),), ()], 2):
        run(desk, version, *found)
        assert desk.balance(RECEIVABLE) == sum(each.delta for each in found)
        assert desk.balance(SUSPENSE) == only(desk).suspense


def test_what_was_recovered_may_go_from_the_bill(desk: Desk) -> None:
    """They corrected their bill: that was the recovery."""
    run(desk, 1, lost_there(5_000))
    decide(desk, Action.CHASE)
    decide(desk, Action.RECOVER)

    assert run(desk, 2) == resolve.Resolution()
    assert run(desk, 3, lost_there(5_000)).known == 1

    assert desk.balance(RECEIVABLE) == 0
    assert only(desk).state is DifferenceState.RECOVERED


def test_an_accepted_stranger_as_payer_is_not_accepted_for_another(desk: Desk) -> None:
    """No money is apart, and it matters all the same."""
    run(desk, 1, mismatch(view(5_000), view(5_000, party="eve"), "party"))
    decide(desk, Action.ACCEPT)

    run(desk, 2, mismatch(view(5_000), view(5_000, party="eve", line=9, settled_at=NOON + 1), "party"))
    assert only(desk).state is DifferenceState.ACCEPTED
    run(desk, 3, mismatch(view(5_000), view(5_000, party="mallory"), "party"))

    assert only(desk).state is DifferenceState.OPEN
    assert desk.entries() == []


def test_a_fee_that_was_within_the_rule_and_is_not_any_more_needs_a_person(desk: Desk) -> None:
    run(desk, 1, mismatch(view(5_000, fee=30), view(5_000, fee=31), "fee"))
    assert run(desk, 2, mismatch(view(5_000, fee=30), view(5_000, fee=29), "fee")).known == 1
    assert only(desk).state is DifferenceState.ACCEPTED

    run(desk, 3, mismatch(view(5_000, fee=30), view(5_000, fee=90), "fee"))

    assert only(desk).state is DifferenceState.OPEN


def test_an_ended_proposal_does_not_bind_the_figures_that_came_after(desk: Desk) -> None:
    run(desk, 1, nobodys(50_000))
    proposed = decide(desk, Action.ACCEPT)
    place = (proposed.day, proposed.source, proposed.id)
    tasks.approve(desk, COLLEAGUE, place, proposed.version)  # type: ignore[arg-type]
    run(desk, 2, nobodys(90_000))

    again = decide(desk, Action.WRITE_OFF)

    assert (again.state, again.suspense) == (DifferenceState.PROPOSED, -40_000)
    with pytest.raises(tasks.SamePersonError):
        tasks.approve(desk, FINANCE, place, again.version)  # type: ignore[arg-type]


# ---- repaired, and found again ----------------------------------------------------------------------


def missed(number: str = PAYMENT, **other: Any) -> Difference:
    found = nobodys(5_000, number=number)
    assert found.theirs
    return found._replace(theirs=found.theirs._replace(**other))


def book(desk: Desk, effective_at: int, amount: int = 5_000) -> None:
    now = Instant(NOON + 90_000_000)
    parts = {RECEIVABLE: Fen(amount)}
    desk.store.commit(post(payment_received(ORDER, PAYMENT, parts, Instant(effective_at), now, "4200")))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Repair]:
    """What the counterparties answer, in turn; the last one for ever."""
    answers: list[Repair] = [Repair.DONE]
    monkeypatch.setattr(
        resolve, "repair_line", lambda *_, **__: answers.pop(0) if len(answers) > 1 else answers[0]
    )
    return answers


def test_a_cut_from_before_the_repair_finds_it_again_and_sets_nothing_apart(
    desk: Desk, asked: list[Repair]
) -> None:
    """Two runs of a day at once: the newer one has cut our side before the older one repaired it."""
    run(desk, 1, missed())
    book(desk, NOON)

    assert run(desk, 2, missed()).known == 1

    assert desk.balance(SUSPENSE) == 0
    assert only(desk).state is DifferenceState.REPAIRED


@pytest.mark.parametrize(
    ("effective_at", "amount"), [(NOON + 86_400_000, 5_000), (NOON - 86_400_000, 5_000), (NOON, 4_999)]
)
def test_what_our_books_have_on_another_day_or_otherwise_is_apart(
    desk: Desk, asked: list[Repair], effective_at: int, amount: int
) -> None:
    run(desk, 1, missed())
    book(desk, effective_at, amount)

    assert run(desk, 2, missed()).opened == 1

    assert desk.balance(SUSPENSE) == -5_000


@pytest.mark.parametrize(
    "entry",
    [
        refund_succeeded(ORDER, f"{ORDER}F01", RECEIVABLE, Fen(5_000), NOON, NOON, "r"),
        recharge_succeeded(ORDER, "ISSUER_PAYABLE:SINOPEC", Fen(5_000), NOON, "query:s"),
    ],
)
def test_refunds_and_recharges_are_looked_up_too(desk: Any, asked: list[Repair], entry: Entry) -> None:
    recharge = entry.kind == "recharge_succeeded"
    source = Source.JUHE if recharge else Source.WECHAT
    number = f"{ORDER}R01" if recharge else f"{ORDER}F01"
    kind = LineKind.RECHARGE if recharge else LineKind.REFUND
    found = replace_source(missed(number), source)._replace(kind=kind)
    resolve.resolve_differences(desk, source, DAY, 1, [found])
    desk.store.commit(post(entry))

    assert resolve.resolve_differences(desk, source, DAY, 2, [found]).known == 1


def replace_source(found: Difference, source: Source) -> Difference:
    return found._replace(source=source)


def test_who_did_not_confirm_is_asked_again_by_the_next_run(desk: Desk, asked: list[Repair]) -> None:
    asked[:] = [Repair.UNCONFIRMED, Repair.DONE]
    run(desk, 1, missed())
    assert desk.balance(SUSPENSE) == -5_000

    assert run(desk, 2, missed()).repaired == 1

    assert (desk.balance(SUSPENSE), desk.balance(RECEIVABLE)) == (0, 0)
    assert only(desk).state is DifferenceState.REPAIRED
    assert run(desk, 3).cleared == 0


def test_what_a_person_works_on_is_not_repaired_behind_their_back(desk: Desk, asked: list[Repair]) -> None:
    asked[:] = [Repair.UNCONFIRMED, Repair.DONE]
    run(desk, 1, missed(amount=50_000))
    decide(desk, Action.ACCEPT)

    assert run(desk, 2, missed(amount=50_000)).known == 1

    assert only(desk).state is DifferenceState.PROPOSED


# ---- the bank ---------------------------------------------------------------------------------------


def test_a_claim_at_the_bank_is_not_recovered_into_an_account_that_nobody_clears(desk: Any) -> None:
    task = replace_source(lost_there(5_000), Source.BANK)._replace(suspense=5_000, opened_at=NOON)
    desk.store.commit(
        *opened(task),
        post(
            Entry(
                "BANK#HOT",
                "bank_line",
                "1",
                transfer(Fen(5_000), debit="SUSPENSE:BANK", credit="CUSTODY_BANK:HOT"),
                NOON,
                NOON,
            )
        ),
    )
    place = (DAY, Source.BANK, task.id)
    tasks.decide(desk, FINANCE, place, Action.CHASE, "they erred", 1)

    with pytest.raises(DifferenceStateError):
        tasks.decide(desk, FINANCE, place, Action.RECOVER, "it came", 2)

    assert desk.balance("CHANNEL_RECEIVABLE:BANK") == 0
    tasks.decide(desk, FINANCE, place, Action.WRITE_OFF, "against line 7", 2)
    assert desk.balance("CLAIMS:BANK") == 0


def test_duplicates_that_change_places_keep_their_sum(desk: Desk) -> None:
    """Which of several equal numbers is the first may change with the bill."""
    first = nobodys(1_000, "twice")._replace(match_class=MatchClass.DUPLICATE_THERE)
    second = nobodys(2_000, "twice")._replace(match_class=MatchClass.DUPLICATE_THERE, nth=2)
    run(desk, 1, first, second)
    old = next(
        each
        for each in tasks.list_differences(desk, FINANCE, DAY, Source.WECHAT, None).differences
        if each.nth == 1
    )
    tasks.decide(desk, FINANCE, (DAY, Source.WECHAT, old.id), Action.ACCEPT, "as agreed", old.version)

    run(desk, 2, second._replace(nth=1))

    assert desk.balance(RECEIVABLE) == 2_000
    assert desk.balance(SUSPENSE) == -1_000


FIGURES = st.sampled_from([None, 0, 700, 5_000, 60_000])
MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("run"), FIGURES, st.booleans()),
        st.tuples(st.just("decide"), st.sampled_from([*Action]), st.booleans()),
    ),
    max_size=9,
)


@settings(max_examples=400, deadline=None)
@given(MOVES)
def test_whatever_is_run_and_decided_in_between_the_account_is_what_the_bill_says(
    moves: list[tuple[str, Any, bool]],
) -> None:
    """Ours is 5,000; the bill says this or that, or nothing is found. Suspense and claims hold what waits."""
    desk: Any = Desk()
    told = recovered = 0
    for version, (move, what, odd) in enumerate(moves, 1):
        if move == "run":
            ours, theirs = view(5_000), view(what or 0, party="eve" if odd else "")
            found = mismatch(ours, theirs, "amount")
            found = found._replace(theirs=None) if what == 0 else found
            run(desk, version, *([] if what is None else [found]))
            told = 0 if what is None else found.delta
        else:
            recovered += _decided(desk, what, approved=odd)
        waiting = [each for each in _all(desk) if each.state in WAITING]
        held = sum(desk.balance(account) for account in (SUSPENSE, "CLAIMS:WECHAT"))
        assert held == sum(each.suspense for each in waiting)
        assert desk.balance("CLAIMS:WECHAT") == sum(each.suspense for each in waiting if each.chased)
        if not recovered:
            assert desk.balance(RECEIVABLE) == told


def _all(desk: Any) -> list[Difference]:
    return tasks.list_differences(desk, FINANCE, DAY, Source.WECHAT, None).differences


def _decided(desk: Any, action: Action, *, approved: bool) -> int:
    """Decide if the difference takes it, and let a colleague approve; return what was recovered."""
    try:
        done = decide(desk, action)
        if done.state is DifferenceState.PROPOSED and approved:
            place: Any = (done.day, done.source, done.id)
            done = tasks.approve(desk, COLLEAGUE, place, done.version)
    except (DifferenceStateError, ValueError):  # nothing there yet
        return 0
    return int(done.state is DifferenceState.RECOVERED)
