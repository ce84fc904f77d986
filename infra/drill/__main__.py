"""Plant discrepancies in days and say how many were found: `python -m drill --days 500 --seed 42`."""

import argparse
import json
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed

from drill.engine import keep_open
from drill.judge import Outcome, play
from drill.plan import worlds
from drill.trades import Size

NOTES = 20


def main() -> int:
    parser = argparse.ArgumentParser(prog="drill", description=__doc__)
    parser.add_argument("--days", type=int, default=500)
    parser.add_argument("--seed", default="42")
    parser.add_argument("--payments", type=int, default=Size().payments, help="orders of a channel and day")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--fresh", action="store_true", help="a DuckDB instance for each step, as in earnest")
    given = parser.parse_args()
    begun, done = time.monotonic(), []
    plan = worlds(given.days, given.seed, Size(given.payments))
    with ProcessPoolExecutor(given.workers, initializer=None if given.fresh else keep_open) as pool:
        for future in as_completed([pool.submit(play, world) for world in plan]):
            done.append(future.result())
            days, planted = sum(each.days for each in done), sum(each.planted.total() for each in done)
            print(f"{days} days, {planted} planted, {time.monotonic() - begun:.0f} s", flush=True)
    return report(done)


def report(done: list[Outcome]) -> int:
    for note in [note for each in done for note in each.notes][:NOTES]:
        print(note)
    planted: Counter[tuple[str, str]] = sum((each.planted for each in done), Counter())
    found, total = sum(each.found for each in done), planted.total()
    answer = {
        "days": sum(each.days for each in done),
        "planted": total,
        "kinds": len({kind for _, kind in planted}),
        "kinds_by_source": len(planted),
        "recall": found / total if total else 1.0,
        "misclassified": sum(each.misclassified for each in done),
        "proof_lines_hold": not any(each.proofs_broken for each in done),
    }
    print(json.dumps(answer))
    good = answer["recall"] == 1 and not answer["misclassified"] and answer["proof_lines_hold"]
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
