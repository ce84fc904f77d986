"""One answer made of the shards' answers."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from octane.kernel.statement import LineKind
from octane.reconciliation.lines import CARRIED, engine, quoted, rows_of
from octane.reconciliation.model import MatchClass, Side, Tally


def merge_tallies(parts: Iterable[Iterable[Tally]]) -> tuple[Tally, ...]:
    """Add the shards' tallies up, in an order of its own."""
    sums: defaultdict[tuple[MatchClass, LineKind, Side], list[int]] = defaultdict(lambda: [0, 0, 0])
    for part in parts:
        for match_class, kind, side, count, amount, fee in part:
            total = sums[match_class, kind, side]
            total[0] += count
            total[1] += amount
            total[2] += fee
    return tuple(sorted(Tally(*key, *total) for key, total in sums.items()))


def merge_differences(parts: Sequence[Path], out: Path, carried_ours: Path, carried_theirs: Path) -> int:
    """Make one Parquet file of the shards' differences and two of what is in transit, each side's: the next
    day's run takes those in. Return how many differences there are."""
    every = rows_of(*parts)
    with engine(out.parent) as database:
        database.execute(f"COPY (FROM {every} ORDER BY ALL) TO {quoted(out)} (FORMAT parquet)")
        for side, path in (("our", carried_ours), ("their", carried_theirs)):
            columns = ", ".join(
                name if name in {"kind", "number"} else f"{side}_{name} AS {name}" for name in CARRIED
            )
            database.execute(
                f"COPY (SELECT {columns} FROM {every} WHERE class = 'IN_TRANSIT' "  # noqa: S608 - our own names
                f"AND {side}_amount IS NOT NULL ORDER BY ALL) TO {quoted(path)} (FORMAT parquet)"
            )
        row = database.execute(f"SELECT count(*) FROM {every}").fetchone()  # noqa: S608
    return row[0] if row else 0


def tallies_json(tallies: Iterable[Tally]) -> bytes:
    return json.dumps([tally._asdict() for tally in tallies]).encode()


def tallies_of(content: bytes) -> tuple[Tally, ...]:
    """Read `tallies_json` back; raises `ValueError`, `KeyError`."""
    return tuple(
        Tally(
            MatchClass(each["match_class"]),
            LineKind(each["kind"]),
            Side(each["side"]),
            each["count"],
            each["amount"],
            each["fee"],
        )
        for each in json.loads(content)
    )
