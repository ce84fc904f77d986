"""How close a token bucket comes to the ideal one when 64 clients knock at once (GW3).

    PYTHONPATH=layers/octane/python:infra:tests python -m bench.limits

Each client is a process as far as a bucket can tell (nothing shared but the tables on the embedded AWS) and
knocks without end. Ends with 1 when what passes is more than 2 % away from what the limit says.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import NamedTuple

from octane.kernel.clock import SystemClock
from octane.kernel.errors import TooManyError
from octane.limits.buckets import Buckets, Spend
from octane.limits.table import Limit, Per
from octane.store.engine import Engine
from octane.store.items import Item, Key
from octane.store.store import Store
from octane.store.writes import Write
from octane.wiring import pause
from world.embedded import embedded_aws
from world.engines import CountedNonces, on_dynamodb

CLIENTS = 64
SECONDS = 20.0
KNOCK_SECONDS = 0.01
TARGET_PERCENT = 2.0
LIMITS = {
    "one item": Limit(Per.USER, 20, 1, 60, fails_open=False),
    "four shards": Limit(Per.IP, 20, 1, 60, fails_open=False, shards=4),
}


class Told(NamedTuple):
    passed: list[float]
    """When each that passed was decided: half-way between question and answer."""
    refused: int
    calls: int


class Found(NamedTuple):
    """What one bucket did. `calls` are AWS calls of all clients together."""

    passed: int
    ideal: float
    error_percent: float
    refused: int
    calls: int


class Quiet:
    def count(self, name: str, **_: str | int) -> None:
        raise AssertionError(name)


class Counting:
    """An engine that counts its calls."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.calls = 0

    def get(self, key: Key) -> Item | None:
        self.calls += 1
        return self._engine.get(key)

    def write(self, write: Write) -> Item | None:
        self.calls += 1
        return self._engine.write(write)


def crowd(engine: Engine, name: str, seconds: float = SECONDS) -> Found:
    """Let 64 clients knock for some seconds."""
    limit = LIMITS[name]
    start = Barrier(CLIENTS)
    began: list[float] = []

    def knock(number: int) -> Told:
        counting = Counting(engine)
        store = Store(counting, CountedNonces(), pause)  # type: ignore[arg-type]  # a bucket needs no more
        buckets = Buckets(store, SystemClock(), Quiet(), LIMITS)
        passed, refused = [], 0
        start.wait()
        began.append(time.time())
        end = min(began) + seconds
        while time.time() < end:
            asked = time.time()
            try:
                buckets.take(Spend(name, "everybody", f"client-{number}"))
                passed.append((asked + time.time()) / 2)
            except TooManyError:
                refused += 1
                time.sleep(KNOCK_SECONDS)
        return Told(passed, refused, counting.calls)

    with ThreadPoolExecutor(CLIENTS) as pool:
        told = list(pool.map(knock, range(CLIENTS)))
    passed = sum(moment <= min(began) + seconds for each in told for moment in each.passed)
    ideal = limit.burst + limit.tokens * seconds / limit.seconds
    error = abs(passed - ideal) / ideal * 100
    calls, refused = sum(each.calls for each in told), sum(each.refused for each in told)
    return Found(passed, ideal, round(error, 2), refused, calls)


def measure() -> dict[str, Found]:
    with embedded_aws() as endpoint:
        engine = on_dynamodb(endpoint)
        return {name: crowd(engine, name) for name in LIMITS}


def main() -> int:
    found = measure()
    for name, bucket in found.items():
        print(
            f"{name}: {bucket.passed} of {bucket.ideal:.0f} passed, {bucket.error_percent} % off; "
            f"{bucket.refused} refused, {bucket.calls} AWS calls by {CLIENTS} clients"
        )
    print(json.dumps({name: bucket._asdict() for name, bucket in found.items()}))
    return 1 if any(bucket.error_percent > TARGET_PERCENT for bucket in found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
