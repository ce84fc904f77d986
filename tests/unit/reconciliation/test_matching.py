"""One-to-one matching, both ways: each class, what is compared, duplicates, and the edge of the day (RC2)."""

from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest
from unit.reconciliation.oracle import Classed, Dated
from unit.reconciliation.runs import DAY, TODAY, WINDOW, YESTERDAY, Run, line, rows_of, write_carried

from octane.kernel.clock import Instant
from octane.kernel.statement import LineKind, LineStatus, StatementLine
from octane.reconciliation.lines import quoted, shard_file, write_lines
from octane.reconciliation.matching import DIFFERENCE, UnevenShardError, match_shard
from octane.reconciliation.model import MatchClass, Side, Tally

LATE = Instant(WINDOW.transit_from)


def here(one: StatementLine) -> Dated:
    return Dated(one, TODAY)


def test_what_agrees_is_matched_and_is_no_difference(tmp_path: Path) -> None:
    run = Run(tmp_path, [line("N1"), line("N2")], [line("N2", line=1), line("N1", line=2)])

    assert run.classes == {"MATCHED": 2}
    assert run.differences == Counter()
    assert run.tallies == tuple(
        Tally(MatchClass.MATCHED, LineKind.PAYMENT, side, 2, 2_000, 12) for side in sorted(Side)
    )


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("amount", 1_001),
        ("fee", 7),
        ("currency", "USD"),
        ("status", LineStatus.PROCESSING),
        ("party", "o2"),
        ("merchant", "m2"),
        ("reference", "R-N2"),
    ],
)
def test_a_mismatch_names_what_differs(tmp_path: Path, field: str, said: Any) -> None:
    ours, theirs = line("N1"), line("N1", line=3)._replace(**{field: said})

    run = Run(tmp_path, [ours, line("N2")], [theirs, line("N2")])

    assert run.differences == Counter([Classed("MISMATCH", here(ours), here(theirs), field)])


def test_all_that_differs_is_named_in_the_order_of_the_columns(tmp_path: Path) -> None:
    theirs = line("N1", amount=1, reference="x", party="y", status=LineStatus.FAILED)

    run = Run(tmp_path, [line("N1")], [theirs])

    assert [each.fields for each in run.differences] == ["amount,status,party,reference"]


@pytest.mark.parametrize("field", ["party", "merchant", "reference"])
@pytest.mark.parametrize("silent", ["ours", "theirs"])
def test_what_a_side_does_not_tell_is_not_compared(tmp_path: Path, field: str, silent: str) -> None:
    sides = {"ours": line("N1"), "theirs": line("N1")}
    sides[silent] = sides[silent]._replace(**{field: ""})

    run = Run(tmp_path, [sides["ours"]], [sides["theirs"]])

    assert run.classes == {"MATCHED": 1}


def test_the_time_is_not_compared(tmp_path: Path) -> None:
    run = Run(tmp_path, [line("N1")], [line("N1", settled_at=WINDOW.start)])

    assert run.classes == {"MATCHED": 1}


def test_a_payment_and_a_refund_of_one_number_do_not_meet(tmp_path: Path) -> None:
    run = Run(tmp_path, [line("N1")], [line("N1", kind=LineKind.REFUND)])

    assert run.classes == {"MISSING_THERE": 1, "MISSING_HERE": 1}


def test_numbers_meet_to_the_letter(tmp_path: Path) -> None:
    run = Run(tmp_path, [line("N1"), line("N2")], [line("n1"), line("N2 ")])

    assert run.classes == {"MISSING_THERE": 2, "MISSING_HERE": 2}


@pytest.mark.parametrize(
    ("settled_at", "expected"),
    [(LATE, "IN_TRANSIT"), (Instant(LATE - 1), None), (Instant(WINDOW.end + 1), "IN_TRANSIT")],
)
def test_who_is_alone_shortly_before_the_end_is_in_transit(
    tmp_path: Path, settled_at: Instant, expected: str | None
) -> None:
    run = Run(tmp_path, [line("N1", settled_at=settled_at)], [line("N2", settled_at=settled_at)])

    assert run.classes == ({expected: 2} if expected else {"MISSING_THERE": 1, "MISSING_HERE": 1})


def test_what_was_in_transit_meets_its_counterpart_on_the_next_day(tmp_path: Path) -> None:
    # Given both sides' lines of the last minutes
    before = tmp_path / "before"
    ours, theirs = line("N1", settled_at=LATE), line("N2", settled_at=LATE, line=9)
    first = Run(before, [ours, line("N0")], [theirs, line("N0")])
    assert first.classes == {"MATCHED": 1, "IN_TRANSIT": 2}

    # When their counterparts are in the next day's files
    following = WINDOW._replace(
        day=DAY.replace(day=23), start=WINDOW.end, end=WINDOW.end + 1, transit_from=WINDOW.end
    )
    second = Run(tmp_path / "after", [line("N2")], [line("N1")], carried=first.carried, window=following)

    # Then they are matched there, and count there
    assert second.classes == {"MATCHED": 2}
    assert [row["day"] for path in first.carried for row in rows_of(path)] == [TODAY, TODAY]


def test_nothing_is_in_transit_twice(tmp_path: Path) -> None:
    old = [Dated(line("N1", settled_at=LATE), YESTERDAY)]
    carried = write_carried(tmp_path / "in.parquet", old), write_carried(tmp_path / "none.parquet", [])

    run = Run(tmp_path, [], [], carried=carried)

    assert run.differences == Counter([Classed("MISSING_THERE", old[0], None)])
    assert [rows_of(path) for path in run.carried] == [[], []]


def test_a_carried_line_and_todays_of_its_number_are_doubles(tmp_path: Path) -> None:
    old = Dated(line("N1", settled_at=LATE), YESTERDAY)
    carried = write_carried(tmp_path / "in.parquet", [old]), write_carried(tmp_path / "none.parquet", [])

    run = Run(tmp_path, [line("N1")], [line("N1")], carried=carried)

    assert run.differences == Counter([Classed("DUPLICATE_HERE", here(line("N1")), None)])


def test_of_several_lines_the_one_that_agrees_best_is_matched(tmp_path: Path) -> None:
    theirs = [line("N1", line=1, amount=999), line("N1", line=2), line("N1", line=3)]

    run = Run(tmp_path, [line("N1")], theirs)

    assert run.classes == {"MATCHED": 1, "DUPLICATE_THERE": 2}
    assert run.differences == Counter(
        [Classed("DUPLICATE_THERE", None, here(theirs[0])), Classed("DUPLICATE_THERE", None, here(theirs[2]))]
    )


def test_of_doubles_that_nobody_else_has_one_is_missing(tmp_path: Path) -> None:
    run = Run(tmp_path, [line("N1"), line("N1")], [line("N2", line=1), line("N2", line=2)])

    assert run.classes == {
        "MISSING_THERE": 1, "DUPLICATE_HERE": 1, "MISSING_HERE": 1, "DUPLICATE_THERE": 1
    }  # fmt: skip


def test_doubles_on_both_sides_make_one_pair(tmp_path: Path) -> None:
    run = Run(tmp_path, [line("N1")] * 3, [line("N1", line=1), line("N1", line=2)])

    assert run.classes == {"MATCHED": 1, "DUPLICATE_HERE": 2, "DUPLICATE_THERE": 1}


def in_their_order(path: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect() as database:
        return database.execute("FROM read_parquet(?)", [str(path)]).fetchall()


def test_shards_say_what_one_shard_says(tmp_path: Path) -> None:
    ours = [line(f"N{n}", amount=n) for n in range(100)]
    theirs = [line(f"N{n}", amount=n + n % 7 // 6) for n in range(10, 110)]

    one, many = Run(tmp_path / "1", ours, theirs), Run(tmp_path / "4", ours, theirs, shards=4)

    assert one.tallies == many.tallies
    assert one.differences == many.differences
    assert in_their_order(one.out) == in_their_order(many.out)


def test_empty_days_have_files_of_the_same_columns(tmp_path: Path) -> None:
    run = Run(tmp_path, [], [], shards=2)

    assert (run.tallies, run.count, run.ours) == ((), 0, ())
    with duckdb.connect() as database:
        found = database.execute(f"FROM read_parquet({quoted(run.out)})").description
    assert tuple(column[0] for column in found) == DIFFERENCE


def test_files_that_hide_a_double_are_refused(tmp_path: Path) -> None:
    """The join may be trusted because it is one to one: a file that was not written so must not pass."""
    write_lines([line("N1")], DAY, tmp_path / "ours")
    write_lines([line("N1"), line("N1")], DAY, tmp_path / "theirs")
    theirs, lying = tmp_path / "theirs" / shard_file(0), tmp_path / "lying.parquet"
    with duckdb.connect() as database:
        database.execute(
            f"COPY (SELECT * REPLACE (false AS twin) FROM read_parquet({quoted(theirs)})) "  # noqa: S608
            f"TO {quoted(lying)} (FORMAT parquet)"
        )

    with pytest.raises(UnevenShardError):
        match_shard(tmp_path / "ours" / shard_file(0), lying, WINDOW, tmp_path / "out.parquet")


def test_a_folder_that_looks_like_a_partition_changes_nothing(tmp_path: Path) -> None:
    old = [Dated(line("N1", settled_at=LATE), YESTERDAY)]
    odd = tmp_path / "day=2020-01-01" / "kind=REFUND"
    odd.mkdir(parents=True)
    carried = write_carried(odd / "in.parquet", old), write_carried(odd / "none.parquet", [])

    run = Run(odd, [line("N2")], [line("N2")], carried=carried)

    assert run.classes == {"MATCHED": 1, "MISSING_THERE": 1}
    assert run.differences == Counter([Classed("MISSING_THERE", old[0], None)])
