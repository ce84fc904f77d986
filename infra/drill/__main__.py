"""Plant discrepancies in days and say how many were found: `python -m drill --days 500 --seed 42`."""

import argparse
import json
import sys

from drill.plan import worlds
from drill.play import is_good, played
from drill.trades import Size


def main() -> int:
    parser = argparse.ArgumentParser(prog="drill", description=__doc__)
    parser.add_argument("--days", type=int, default=500)
    parser.add_argument("--seed", default="42")
    parser.add_argument("--payments", type=int, default=Size().payments, help="orders of a channel and day")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--fresh", action="store_true", help="a DuckDB instance for each step, as in earnest")
    given = parser.parse_args()
    plan = worlds(given.days, given.seed, Size(given.payments))
    answer = played(plan, lambda line: print(line, flush=True), workers=given.workers, fresh=given.fresh)
    print(json.dumps(answer))
    return 0 if is_good(answer) else 1


if __name__ == "__main__":
    sys.exit(main())
