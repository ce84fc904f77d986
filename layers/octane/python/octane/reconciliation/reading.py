"""Read a run's differences back from its Parquet file."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb

from octane.kernel.statement import LineKind
from octane.reconciliation.differences import Difference, LineView
from octane.reconciliation.model import MatchClass, Source

_VIEW = ("amount", "fee", "currency", "status", "party", "merchant", "reference", "settled_at", "day", "line")
_COLUMNS = (
    *("class", "kind", "number", "fields"),
    *(f"{side}_{name}" for side in ("our", "their") for name in _VIEW),
)
BATCH = 1_000


def read_differences(path: Path, source: Source, day: str) -> Iterator[Difference]:
    """Every difference of the file, in an order that is the same for the same lines."""
    seen: Counter[tuple[str, str, str]] = Counter()
    with duckdb.connect(config={"threads": 1}) as database:
        query = f"SELECT {', '.join(_COLUMNS)} FROM read_parquet(?) ORDER BY ALL"  # noqa: S608 - our own names
        rows = database.execute(query, [str(path)])
        while batch := rows.fetchmany(BATCH):
            for match_class, kind, number, fields, *views in batch:
                seen[match_class, kind, number] += 1
                ours, theirs = views[: len(_VIEW)], views[len(_VIEW) :]
                yield Difference(
                    source=source,
                    day=day,
                    match_class=MatchClass(match_class),
                    kind=LineKind(kind),
                    number=number,
                    ours=None if ours[0] is None else LineView(*ours),
                    theirs=None if theirs[0] is None else LineView(*theirs),
                    fields=tuple(fields.split(",")) if fields else (),
                    nth=seen[match_class, kind, number],
                )
