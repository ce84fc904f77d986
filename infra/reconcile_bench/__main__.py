"""Match a large day and time it against DuckDB's bare join of the same files; the last line is JSON.

    PYTHONPATH=layers/octane/python:infra python -m reconcile_bench --rows 1000000

Both sides are made first, in shards of a million movements. One process times each shard: the bare join, our
matching and a join that reads all columns, in turn, three rounds, each in a fresh connection, and the best
counts. Another process only matches, one shard after the other: its peak is the matching's. Ends with 1 when
a planted difference is not found or anything else is.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from octane.reconciliation.lines import engine
from octane.reconciliation.shards import merge_differences
from reconcile_bench.data import number_of, one_in_a_million, truth, write_sides
from reconcile_bench.day import WINDOW
from reconcile_bench.measure import differences_of

SHARD_ROWS = 1_000_000
RATIO_TARGET, PEAK_TARGET_MB = 2.5, 1_500


def shard_folders(rows: int, folder: Path) -> list[Path]:
    folders: list[Path] = []
    for first in range(1, rows + 1, SHARD_ROWS):
        last = min(first + SHARD_ROWS - 1, rows)
        started = time.perf_counter()
        folders.append(folder / f"shard={len(folders):03d}")
        sides = write_sides(folders[-1], first, last, rows, WINDOW)
        size = sum(side.stat().st_size for side in sides) / 1e6
        print(f"made {folders[-1].name}: {last - first + 1:,} movements, both sides {size:.0f} MB, "
              f"{time.perf_counter() - started:.1f} s", flush=True)  # fmt: skip
    return folders


def measured(mode: str, folders: list[Path]) -> Iterator[dict[str, Any]]:
    """The lines of a process that measures, as it prints them."""
    command = [sys.executable, "-m", "reconcile_bench.measure", mode, *map(str, folders)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            yield json.loads(line)
    if process.returncode:
        raise SystemExit(process.returncode)


def found(rows: int, folders: list[Path], folder: Path) -> tuple[Counter[str], bool]:
    """The differences of all shards by class, and whether the one in a million is among them as it is."""
    out = folder / "differences.parquet"
    parts = [differences_of(each) for each in folders]
    merge_differences(parts, out, folder / "carried-ours.parquet", folder / "carried-theirs.parquet")
    with engine(folder) as database:
        classes = database.execute("SELECT class, count(*) FROM read_parquet(?) GROUP BY class", [str(out)])
        counts = Counter(dict(classes.fetchall()))
        one = database.execute(
            "SELECT class, fields, their_amount - our_amount FROM read_parquet(?) WHERE number = ?",
            [str(out), number_of(one_in_a_million(rows))],
        ).fetchall()
    return counts, one == [("MISMATCH", "amount", 1)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="reconcile_bench")
    parser.add_argument("--rows", type=int, default=SHARD_ROWS)
    rows: int = parser.parse_args().rows
    with tempfile.TemporaryDirectory(prefix="reconcile-bench-") as name:
        folder = Path(name)
        folders = shard_folders(rows, folder)
        timings = []
        for timing in measured("time", folders):
            timings.append(timing)
            print(f"timed shard {len(timings) - 1}: match {timing['seconds']:.2f} s, bare join "
                  f"{timing['bare_join_seconds']:.2f} s, join of all columns "
                  f"{timing['all_columns_join_seconds']:.2f} s", flush=True)  # fmt: skip
        matches = []
        for each in measured("match", folders):
            matches.append(each)
            print(f"matched shard {len(matches) - 1}: {each['seconds']:.2f} s, peak so far "
                  f"{each['peak_mb']:.0f} MB", flush=True)  # fmt: skip
        counts, is_found = found(rows, folders, folder)
    expected = truth(rows)
    totals = {key: sum(timing[key] for timing in timings) for key in timings[0]}
    matched = sum(
        tally["count"]
        for each in matches
        for tally in each["tallies"]
        if (tally["match_class"], tally["side"]) == ("MATCHED", "OURS")
    )
    answer = {
        "rows": rows,
        "shards": len(folders),
        **{key: round(total, 3) for key, total in totals.items()},
        "ratio": round(totals["seconds"] / totals["bare_join_seconds"], 2),
        "ratio_all_columns": round(totals["seconds"] / totals["all_columns_join_seconds"], 2),
        "seconds_per_shard": [round(timing["seconds"], 2) for timing in timings],
        "peak_mb": round(matches[-1]["peak_mb"]),
        "peak_mb_per_shard": [round(each["peak_mb"]) for each in matches],
        "matched": matched,
        "differences": dict(sorted(counts.items())),
        "planted": dict(sorted(expected.items())),
        "found_all": counts == expected,
        "found_one_in_a_million": is_found,
    }
    if answer["ratio"] > RATIO_TARGET or answer["peak_mb"] > PEAK_TARGET_MB:
        print(f"over a target: ratio {RATIO_TARGET}, peak {PEAK_TARGET_MB} MB")
    print(json.dumps(answer))
    return 0 if counts == expected and is_found else 1


if __name__ == "__main__":
    sys.exit(main())
