"""Whatever the lines are, the matching says what the book says, and its tallies are theirs."""

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unit.reconciliation.oracle import Classed, Dated, classify
from unit.reconciliation.runs import TODAY, WINDOW, YESTERDAY, Run, write_carried

from octane.kernel.clock import Instant
from octane.kernel.statement import LineKind, LineStatus, StatementLine
from octane.reconciliation.model import Side, Tally

SETTLED = (
    WINDOW.start,
    WINDOW.transit_from - 1,
    WINDOW.transit_from,
    WINDOW.end - 1,
    WINDOW.end + 1,
)
"""Either side of every border; their clock may run ahead of the day's end."""


def lines(**narrow: Any) -> st.SearchStrategy[StatementLine]:
    """Few values of each field, so that lines meet, double and differ all the time."""
    fields: dict[str, Any] = {
        "kind": st.sampled_from([LineKind.PAYMENT, LineKind.REFUND]),
        "number": st.sampled_from(["N1", "N2", "n1", "N1 ", "号", "N'\"", "N1\x00", *"ABCDEFG"]),
        "reference": st.sampled_from(["", "R1", "R2"]),
        "amount": st.sampled_from([0, 100, 101]),
        "fee": st.sampled_from([-1, 0, 1]),
        "currency": st.sampled_from(["CNY", "USD"]),
        "status": st.sampled_from(list(LineStatus)),
        "party": st.sampled_from(["", "o1", "o2"]),
        "merchant": st.sampled_from(["", "m1", "m2"]),
        "settled_at": st.sampled_from([Instant(at) for at in SETTLED]),
        "line": st.integers(0, 3),
    }
    return st.builds(StatementLine, **{**fields, **narrow})


SIDE = st.lists(lines(), max_size=40)
CARRIED = st.lists(lines(settled_at=st.just(Instant(WINDOW.start - 1))), max_size=3)


def tallies_of(classed: "Counter[Classed]") -> tuple[Tally, ...]:
    sums: dict[tuple[Any, ...], list[int]] = {}
    for each, times in classed.items():
        for side, dated in ((Side.OURS, each.ours), (Side.THEIRS, each.theirs)):
            if dated is not None:
                total = sums.setdefault((each.match_class, dated.line.kind, side), [0, 0, 0])
                total[0] += times
                total[1] += times * dated.line.amount
                total[2] += times * dated.line.fee
    return tuple(sorted(Tally(*key, *total) for key, total in sums.items()))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SIDE, SIDE, CARRIED, CARRIED, st.sampled_from([1, 3]))
def test_it_says_what_the_book_says(
    ours: list[StatementLine],
    theirs: list[StatementLine],
    carried_ours: list[StatementLine],
    carried_theirs: list[StatementLine],
    shards: int,
) -> None:
    here = [Dated(each, YESTERDAY) for each in carried_ours]
    there = [Dated(each, YESTERDAY) for each in carried_theirs]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        carried = (
            write_carried(folder / "carried-in-ours.parquet", here),
            write_carried(folder / "carried-in-theirs.parquet", there),
        )

        # When a day of any lines is matched, with what the day before left
        run = Run(folder, ours, theirs, carried=carried, shards=shards)

        # Then every line is in the class that the book gives it, and every class sums as it does
        expected = classify(
            [*here, *(Dated(each, TODAY) for each in ours)],
            [*there, *(Dated(each, TODAY) for each in theirs)],
            WINDOW,
        )
        told = Counter({each: times for each, times in expected.items() if each.match_class != "MATCHED"})
        assert run.differences == told
        assert run.count == told.total()
        assert run.tallies == tallies_of(expected)
