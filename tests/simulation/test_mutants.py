"""The simulation sees planted bugs: a handful here, all of them in `make sim-mutants`."""

import pytest

from octane.orders.records import unchanged
from simulation.faults import parse_schedule
from simulation.killing import hunt, kill
from simulation.mutants import MUTANTS
from simulation.planting import Edit, Mutant, MutantStaleError, planted
from simulation.play import play

QUICK = {
    "claim_without_condition",
    "new_issuer_number",
    "refund_without_proof",
    "amount_not_compared",
    "compare_then_set_refund",
    "close_without_asking",
    "late_success_ignored",
    "accepted_refund_is_done",
    "hold_without_condition",
    "switched_without_close",
    "quota_apart",
    "wallet_part_forgotten",
    "wallet_refund_apart",
    "suspense_apart",
    "ended_is_opened_again",
    "stuck_stays_stuck",
    "surplus_needs_nobody",
    "silence_outlives_an_answer",
    "review_apart",
    "freeze_stops_no_payment",
    "erased_in_part",
    "approved_after_its_time",
    "expires_without_return",
    "journal_overwrites",
    "coupon_not_redeemed",
    "bill_held_by_two",
    "instalments_uncounted",
}


def test_there_are_enough_and_each_has_its_own_name() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 110


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_still_fits_the_code_and_leaves_no_trace(mutant: Mutant) -> None:
    code = unchanged.__code__
    with planted(mutant):
        pass
    assert unchanged.__code__ is code


@pytest.mark.parametrize("mutant", [m for m in MUTANTS if m.name in QUICK], ids=lambda mutant: mutant.name)
def test_a_planted_bug_is_found(mutant: Mutant) -> None:
    found = kill(mutant)
    assert found.invariant
    assert found.invariant != "nothing raises what it does not promise"
    # And the schedule that found it passes without the bug
    assert play(parse_schedule(found.schedule)).invariant == ""


def test_the_hunt_finds_nothing_where_nothing_is_planted() -> None:
    schedules = hunt()
    assert [play(next(schedules)).invariant for _ in range(40)] == [""] * 40


def test_a_mutant_that_the_code_has_outgrown_is_refused() -> None:
    stale = Mutant("stale", "", (Edit("octane.orders.records:unchanged", "no such text", ""),))
    with pytest.raises(MutantStaleError), planted(stale):
        pass
