"""Simulate, search, hold against this machine, and write `infra/docs/capacity.md`; ends with a line of JSON.

    PYTHONPATH=infra python -m capacity --measured FILE

FILE is what `bench.local_run` has written. Ends with 1 when what it foretells of FILE is off by more than
25 %, or when no setting serves everybody and keeps them within three seconds.
"""

import argparse
import json
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from capacity.constants import read_constants
from capacity.local import read_measured, validate
from capacity.page import write
from capacity.report import Results
from capacity.search import MOST_SECONDS, Found, paying, selling
from capacity.stories import Crowd, Sale

DOCS = Path(__file__).parents[1] / "docs"
TARGET_PERCENT = 25
SEED = 7


def main() -> int:
    parser = argparse.ArgumentParser(prog="capacity")
    parser.add_argument("--measured", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args()
    validation = validate(read_measured(asked.measured), asked.seed)
    for name, rate in (("measured", validation.measured), ("foretold", validation.foretold)):
        print(
            f"{name}: {rate.throughput:.1f} orders/s, p50 {rate.took.p50 * 1_000:.1f} ms, "
            f"p95 {rate.took.p95 * 1_000:.1f} ms"
        )
    constants, crowd, sale = read_constants(), Crowd(), Sale()
    with ProcessPoolExecutor(2) as pool:
        pays = pool.submit(paying, constants.of("pay"), crowd, asked.seed)
        sells = pool.submit(selling, constants.of("sale"), sale, asked.seed)
        results = Results(constants, crowd, sale, pays.result(), sells.result(), validation)
    write(results, DOCS)
    for found in (results.paying, results.selling):
        say(found)
    line = results.line()
    print(json.dumps(line))
    in_time = max(line["p99_pay_s"], line["p99_sale_s"]) <= MOST_SECONDS
    return 0 if in_time and not line["gave_up"] and validation.error_percent <= TARGET_PERCENT else 1


def say(found: Found) -> None:
    settings = found.settings
    print(f"recommended: {settings}")
    print(f"99th percentile by partitions: {found.shards}; by environments kept ready: {found.ready}")


if __name__ == "__main__":
    sys.exit(main())
