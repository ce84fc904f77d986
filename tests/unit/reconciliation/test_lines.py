"""Lines become files of shards, all of them and as they are."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from unit.reconciliation.runs import DAY, TODAY, line, rows_of

from octane.kernel.statement import BillUnreadableError, LineKind, StatementLine
from octane.reconciliation.lines import BETWEEN, shard_file, shard_of, totals_of, write_lines
from octane.reconciliation.model import KindTotal


def written(folder: Path, shards: int) -> list[list[dict[str, Any]]]:
    return [rows_of(folder / shard_file(shard)) for shard in range(shards)]


def test_every_line_is_in_the_shard_of_its_number(tmp_path: Path) -> None:
    lines = [line(f"N{n}") for n in range(40)]

    write_lines(lines, DAY, tmp_path, 3)

    for shard, rows in enumerate(written(tmp_path, 3)):
        assert sorted(row["number"] for row in rows) == sorted(
            each.number for each in lines if shard_of(each.number, 3) == shard
        )


def test_the_sums_are_by_kind(tmp_path: Path) -> None:
    lines = [
        line("N1", amount=5, fee=1),
        line("N2", amount=7, fee=2),
        line("N3", kind=LineKind.REFUND, fee=-3),
    ]

    totals = write_lines(lines, DAY, tmp_path, 2)

    assert totals == (KindTotal(LineKind.PAYMENT, 2, 12, 3), KindTotal(LineKind.REFUND, 1, 1_000, -3))


def test_a_stored_line_has_the_day_and_whether_it_has_a_twin_and_twins_are_last(tmp_path: Path) -> None:
    lines = [line("N1", line=1), line("N2", line=2), line("N1", line=3), line("N1", kind=LineKind.REFUND)]

    write_lines(lines, DAY, tmp_path)

    rows = written(tmp_path, 1)[0]
    assert {row["day"] for row in rows} == {TODAY}
    assert sorted((row["number"], row["kind"], row["line"], row["twin"]) for row in rows) == [
        ("N1", "PAYMENT", 1, True),
        ("N1", "PAYMENT", 3, True),
        ("N1", "REFUND", 0, False),
        ("N2", "PAYMENT", 2, False),
    ]


def test_a_shard_without_lines_has_a_file_without_rows(tmp_path: Path) -> None:
    assert write_lines([], DAY, tmp_path, 2) == ()

    assert written(tmp_path, 2) == [[], []]
    assert totals_of(tmp_path / shard_file(1)) == ()


def test_a_line_that_cannot_be_read_leaves_no_file(tmp_path: Path) -> None:
    def broken() -> Iterator[StatementLine]:
        yield line("N1")
        raise BillUnreadableError("AMOUNT", line=2, column=3)

    with pytest.raises(BillUnreadableError, match="AMOUNT"):
        write_lines(broken(), DAY, tmp_path)

    assert not list(tmp_path.glob("*.parquet"))


def test_a_unit_separator_in_a_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BillUnreadableError, match="ENCODING at line 7"):
        write_lines([line("N1", party=f"o{BETWEEN}1", line=7)], DAY, tmp_path)
