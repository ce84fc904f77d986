"""In a process of its own: match shards, or time them against bare joins; a JSON line for each."""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from octane.reconciliation.lines import STORED, WHOLE, engine
from octane.reconciliation.matching import match_shard
from octane.reconciliation.model import DayWindow
from octane.reconciliation.shards import tallies_json
from reconcile_bench.data import Sides
from reconcile_bench.day import WINDOW

ROUNDS = 3
JOIN = "FROM read_parquet(?) o FULL OUTER JOIN read_parquet(?) t ON o.kind = t.kind AND o.number = t.number"
BARE = f"SELECT count(*) {JOIN}"
ALL_COLUMNS = ", ".join(
    f"sum({row}.{name})" if name in WHOLE else f"sum(strlen({row}.{name}))" for row in "ot" for name in STORED
)
SUMMED = f"SELECT {ALL_COLUMNS} {JOIN}"


def differences_of(folder: Path) -> Path:
    return folder / "differences.parquet"


def join(query: str, folder: Path, sides: Sides) -> None:
    with engine(folder) as database:
        database.execute(query, [str(side) for side in sides]).fetchall()


def match(folder: Path, sides: Sides, window: DayWindow) -> bytes:
    return tallies_json(match_shard(*sides, window, differences_of(folder)))


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024


def main(mode: str, folders: list[Path]) -> None:
    for folder in folders:
        sides = Sides(folder / "ours.parquet", folder / "theirs.parquet")
        if mode == "match":
            started = time.perf_counter()
            tallies = json.loads(match(folder, sides, WINDOW))
            line = {"seconds": time.perf_counter() - started, "peak_mb": peak_mb(), "tallies": tallies}
        else:
            works: dict[str, Callable[[], object]] = {
                "bare_join_seconds": lambda: join(BARE, folder, sides),  # noqa: B023 - called in this turn
                "seconds": lambda: match(folder, sides, WINDOW),  # noqa: B023
                "all_columns_join_seconds": lambda: join(SUMMED, folder, sides),  # noqa: B023
            }
            rounds = [{name: timed(work) for name, work in works.items()} for _ in range(ROUNDS)]
            line = {name: min(each[name] for each in rounds) for name in works}
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], [Path(name) for name in sys.argv[2:]])
