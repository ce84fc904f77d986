"""Run the real matching over lines given as values, and read back what it wrote."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from unit.reconciliation.oracle import Classed, Dated

from octane.kernel.clock import Instant
from octane.kernel.statement import LineKind, LineStatus, StatementLine
from octane.reconciliation.lines import CARRIED, quoted, shard_file, write_lines
from octane.reconciliation.lines import rows_of as stored
from octane.reconciliation.matching import DIFFERENCE, VIEW, match_shard
from octane.reconciliation.model import DayWindow, KindTotal, Source, Tally, day_window
from octane.reconciliation.shards import merge_differences, merge_tallies

DAY = date(2026, 11, 22)
TODAY, YESTERDAY = "2026-11-22", "2026-11-21"
WINDOW = day_window(Source.WECHAT, DAY)
NOON = Instant(WINDOW.start + 43_200_000)


def line(number: str = "N1", **changes: Any) -> StatementLine:
    """A payment of 10.00 at noon."""
    honest = StatementLine(
        kind=LineKind.PAYMENT,
        number=number,
        reference=f"R-{number}",
        amount=1_000,
        fee=6,
        currency="CNY",
        status=LineStatus.SUCCEEDED,
        party="o1",
        merchant="m1",
        settled_at=NOON,
        line=0,
    )
    return honest._replace(**changes)


def rows_of(path: Path) -> list[dict[str, Any]]:
    with duckdb.connect() as database:
        found = database.execute(f"FROM {stored(path)} ORDER BY ALL")
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def write_carried(path: Path, lines: Sequence[Dated]) -> Path:
    """A file of lines in transit, as the day before left it."""
    with duckdb.connect() as database:
        columns = ", ".join(
            f"{name} {'BIGINT' if name in {'amount', 'fee', 'settled_at', 'line'} else 'VARCHAR'}"
            for name in CARRIED
        )
        database.execute(f"CREATE TABLE carried ({columns})")
        with database.appender("carried") as appender:
            appender.append_rows((*each.line, each.day) for each in lines)
        database.execute(f"COPY carried TO {quoted(path)} (FORMAT parquet)")
    return path


class Run:
    """A source's day from two lists of lines, in so many shards."""

    def __init__(
        self,
        folder: Path,
        ours: Iterable[StatementLine],
        theirs: Iterable[StatementLine],
        *,
        carried: tuple[Path, Path] | None = None,
        shards: int = 1,
        window: DayWindow = WINDOW,
    ) -> None:
        self.folder = folder
        self.ours: tuple[KindTotal, ...] = write_lines(ours, window.day, folder / "ours", shards)
        self.theirs: tuple[KindTotal, ...] = write_lines(theirs, window.day, folder / "theirs", shards)
        parts, tallies = [], []
        for shard in range(shards):
            parts.append(folder / f"differences-{shard}.parquet")
            paths = (folder / side / shard_file(shard) for side in ("ours", "theirs"))
            tallies.append(
                match_shard(
                    *paths,
                    window,
                    parts[-1],
                    carried_ours=carried[0] if carried else None,
                    carried_theirs=carried[1] if carried else None,
                    shard=shard,
                    shards=shards,
                )
            )
        self.tallies: tuple[Tally, ...] = merge_tallies(tallies)
        self.out = folder / "differences.parquet"
        self.carried = folder / "carried-ours.parquet", folder / "carried-theirs.parquet"
        self.count = merge_differences(parts, self.out, *self.carried)

    @property
    def differences(self) -> "Counter[Classed]":
        return Counter(_classed(row) for row in rows_of(self.out))

    @property
    def classes(self) -> dict[str, int]:
        """How many lines are in each class, both sides' lines of a pair counted as one."""
        found: Counter[str] = Counter()
        for tally in self.tallies:
            if tally.side == "OURS" or tally.match_class not in {"MATCHED", "MISMATCH"}:
                found[tally.match_class.value] += tally.count
        return dict(found)


def _classed(row: dict[str, Any]) -> Classed:
    assert tuple(row) == DIFFERENCE
    sides = []
    for side in ("our", "their"):
        view = {name: row[f"{side}_{name}"] for name in VIEW}
        if view["amount"] is None:
            assert not any(value is not None for value in view.values())
            sides.append(None)
            continue
        day = view.pop("day")
        view["status"] = LineStatus(view["status"])
        sides.append(Dated(StatementLine(kind=LineKind(row["kind"]), number=row["number"], **view), day))
    return Classed(row["class"], *sides, row["fields"])
