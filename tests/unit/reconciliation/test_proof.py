"""The proof line holds to the fen, or says in words what does not (RC2)."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from unit.reconciliation.oracle import Dated
from unit.reconciliation.runs import YESTERDAY, Run, line, write_carried

from octane.kernel.statement import LineKind, StatedTotal
from octane.reconciliation.lines import totals_of
from octane.reconciliation.model import KindTotal, MatchClass, ProofLine, Side, Source, Tally
from octane.reconciliation.proof import proof_json, proof_of, proof_text, prove

PAYMENT, REFUND = LineKind.PAYMENT, LineKind.REFUND
MATCHED, MISMATCH = MatchClass.MATCHED, MatchClass.MISMATCH
TALLIES = (
    Tally(MATCHED, PAYMENT, Side.OURS, 2, 300, 2),
    Tally(MATCHED, PAYMENT, Side.THEIRS, 2, 300, 2),
    Tally(MatchClass.MISSING_THERE, REFUND, Side.OURS, 1, 50, 0),
    Tally(MISMATCH, REFUND, Side.OURS, 1, 10, 0),
    Tally(MISMATCH, REFUND, Side.THEIRS, 1, 11, 0),
)
OURS = (KindTotal(PAYMENT, 2, 300, 2), KindTotal(REFUND, 2, 60, 0))
THEIRS = (KindTotal(PAYMENT, 2, 300, 2), KindTotal(REFUND, 1, 11, 0))


def proven(
    tallies: tuple[Tally, ...] = TALLIES,
    ours: Sequence[KindTotal] = OURS,
    theirs: Sequence[KindTotal] = THEIRS,
    stated: Sequence[StatedTotal] = (),
) -> ProofLine:
    return prove(Source.WECHAT, "2026-11-22", tallies, ours, theirs, stated)


def test_a_day_that_adds_up_holds() -> None:
    stated = (StatedTotal(PAYMENT, None, 300), StatedTotal(REFUND, 1, 11, 0), StatedTotal(None, 3, 311, 2))

    proof = proven(stated=stated)

    assert proof.holds
    assert proof_of(proof_json(proof)) == proof
    assert "proof holds" in proof_text(proof)


@pytest.mark.parametrize("field", ["count", "amount", "fee"])
@pytest.mark.parametrize("at", [0, 1])
def test_a_total_that_is_one_off_is_told_with_both_figures(field: str, at: int) -> None:
    wrong = OURS[at]._replace(**{field: getattr(OURS[at], field) + 1})

    proof = proven(ours=[wrong if each is OURS[at] else each for each in OURS])

    assert len(proof.failures) == 1
    assert wrong.kind in proof.failures[0]
    assert proof.failures[0] in proof_text(proof)


@pytest.mark.parametrize("dropped", range(len(TALLIES)))
def test_no_class_can_be_left_out(dropped: int) -> None:
    assert not proven(tallies=tuple(each for n, each in enumerate(TALLIES) if n != dropped)).holds


def test_what_is_matched_sums_alike_on_both_sides() -> None:
    ours = KindTotal(PAYMENT, 2, 301, 2), OURS[1]

    proof = proven((TALLIES[0]._replace(amount=301), *TALLIES[1:]), ours=ours)

    assert [each.startswith("MATCHED PAYMENT") for each in proof.failures] == [True]


def test_no_line_is_in_a_class_of_the_other_side() -> None:
    wrong = Tally(MatchClass.MISSING_HERE, PAYMENT, Side.OURS, 1, 5, 0)

    proof = proven((*TALLIES, wrong), ours=(KindTotal(PAYMENT, 3, 305, 2), OURS[1]))

    assert [each.startswith("MISSING_HERE PAYMENT") for each in proof.failures] == [True]


@pytest.mark.parametrize(
    "stated",
    [
        StatedTotal(PAYMENT, 3, 300),
        StatedTotal(PAYMENT, 2, 301),
        StatedTotal(None, 4, None),
        StatedTotal(None, 3, None, 3),
    ],
)
def test_a_summary_that_lies_is_told(stated: StatedTotal) -> None:
    others = (StatedTotal(REFUND, 1, 11),) if stated.kind else ()

    proof = proven(stated=(stated, *others))

    assert len(proof.failures) == 1
    assert "its summary says" in proof.failures[0]


def test_a_summary_that_leaves_a_kind_out_is_told() -> None:
    assert not proven(stated=(StatedTotal(PAYMENT, 2, 300),)).holds


def test_a_real_run_with_lines_of_the_day_before_is_proven(tmp_path: Path) -> None:
    # Given a day with one of everything, and lines in transit from the day before
    old = [Dated(line("N5", amount=5), YESTERDAY), Dated(line("N6", amount=6), YESTERDAY)]
    carried = write_carried(tmp_path / "ours.in", old), write_carried(tmp_path / "theirs.in", [])
    ours = [line("N1"), line("N2"), line("N3", amount=3), line("N4"), line("N4")]
    theirs = [line("N1"), line("N3"), line("N4"), line("N5", amount=5), line("N9", kind=REFUND)]
    run = Run(tmp_path, ours, theirs, carried=carried, shards=2)

    # When it is proven against the totals that were taken while the lines were read
    totals = {"carried_ours": totals_of(carried[0]), "carried_theirs": totals_of(carried[1])}
    stated = (StatedTotal(PAYMENT, 4, 3_005), StatedTotal(REFUND, 1, 1_000))
    proof = prove(Source.WECHAT, "2026-11-22", run.tallies, run.ours, run.theirs, stated, **totals)

    # Then it holds, and does not without what was carried in
    assert proof.failures == ()
    assert not prove(Source.WECHAT, "2026-11-22", run.tallies, run.ours, run.theirs, stated).holds
