"""What the stations nearby cost among 60,000 of them: calls, read units, CPU; and what importing them does.

    PYTHONPATH=layers/octane/python:infra:tests python -m bench.stations

The real handler with the real clients; AWS is answered from a recording, the map by its simulator's words.
Ends with 1 when a question takes more than three calls: counts are exact. CPU is reported only.
"""

import io
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from bench.cold import CREDENTIALS, template_environment
from bench.journal import ENVIRONMENT, Event, Invocation, Journal, RecordingEngine
from bench.recording import Recording
from bench.warm import Replay, load_handler, silence
from octane import wiring
from octane.kernel.clock import Instant, SystemClock
from octane.kernel.provinces import Province
from octane.stations import importing
from octane.stations.records import PRICES
from octane.store.items import Key, Table
from octane.store.store import Store
from octane.store.writes import Absent, Put
from octane.wire.http import Response
from simulators.maps.company import Maps
from simulators.maps.signing import MapKeys
from simulators.protocol import Call
from stations_data.cities import cities
from stations_data.generate import write_csv
from world.memory_engine import MemoryEngine
from world.meter import Meter
from world.objects import MemoryObjects
from world.shop import context

if TYPE_CHECKING:
    from octane.privacy.vault import FieldVault

NUMBER, QUESTIONS, ROUNDS = 60_000, 100, 5
LIMITS = (10, 20)
MOST_CALLS, TARGET_MS = 3, 15.0
SPREAD = 0.15
"""Degrees around the middle of a city: in it and on its edge."""
NEARBY = "/api/v1/stations/nearby"
FILE = "imports/stations/bench.csv"
KEYS = MapKeys("ABCDE-FGHIJ-KLMNO-PQRST-UVWXY-Z2345", "s" * 32)
SECRETS = {"MAPS": {"key": KEYS.key, "secret_key": KEYS.secret_key}}


class MapWire:
    """The map's simulator, its answers kept."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._company = Maps(KEYS, lambda: 0)

    def send(self, method: str, url: str, *_: object) -> Response:
        parts = urlsplit(url)
        call = Call(method, f"{parts.path}?{parts.query}", {}, b"")
        subject = self._company.subject(call)
        assert subject
        reply = self._company.handle(call, subject, {})
        answer = Response(reply.status, dict(reply.headers), reply.body)
        self._journal.current.wire.append(answer)
        return answer


class RecordedWiring(wiring.Wiring):
    """The product's wiring over tables in memory that write down what they answer."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__(environment)
        self.journal, self.meter = Journal(), Meter()
        self.engine = RecordingEngine(SystemClock(), self.meter, self.journal)

    @cached_property
    def store(self) -> Store:
        return Store(self.engine, self.nonces, wiring.pause)

    @cached_property
    def _transport(self) -> MapWire:
        return MapWire(self.journal)

    def _secret(self, name: str) -> dict[str, Any]:
        return dict(SECRETS[name])


class Importer:
    """What an import needs, over tables in memory."""

    def __init__(self) -> None:
        self.clock, self.meter, self.work = SystemClock(), Meter(), MemoryObjects()
        self.engine = MemoryEngine(self.clock, self.meter)
        self.store = Store(self.engine, wiring.Wiring({}).nonces, wiring.pause)


def import_all() -> tuple[Importer, dict[str, float]]:
    """Generate a file, bring it in, bring it in again; return the tables and what it took."""
    house, out = Importer(), io.StringIO()
    write_csv(NUMBER, "octane", out)
    house.work.put(FILE, out.getvalue().encode())
    start = time.process_time()
    with house.meter.operation("import") as usage:
        progress = importing.run_import(house, FILE, Instant(sys.maxsize))
    spent = time.process_time() - start
    assert (progress.written, progress.faults) == (NUMBER, 0), progress
    with house.meter.operation("again") as again:
        assert importing.run_import(house, FILE, Instant(sys.maxsize)) == progress
    return house, {
        "rows": NUMBER,
        "cpu_s": round(spent, 1),
        "calls": usage.calls,
        "write_units": usage.write_units,
        "read_units": usage.read_units,
        "again_calls": again.calls,
        "again_write_units": again.write_units,
    }


def stocked(environment: Mapping[str, str], items: MemoryEngine) -> RecordedWiring:
    """The same stations where answers are recorded, and prices for all of them."""
    recorded = RecordedWiring(environment)
    for item in items.items(Table.STATIONS):
        key = Key(Table.STATIONS, str(item["pk"]), str(item["sk"]))
        recorded.engine.write(Put(key, item, when=Absent()))
    price = {"fen": 755, "as_of": recorded.clock.now()}
    prices = {"version": 1, "prices": dict.fromkeys(("92", "95", "98", "0"), price)}
    provinces = {province.value: prices for province in Province}
    recorded.engine.write(Put(PRICES, {"provinces": provinces}, when=Absent()))
    return recorded


def questions(limit: int) -> list[Event]:
    source = random.Random("questions")  # noqa: S311 the same ones in each run
    known = cities()
    asked = []
    for city in source.choices(known, [one.people for one in known], k=QUESTIONS):
        lat, lon = source.gauss(city.lat, SPREAD), source.gauss(city.lon, SPREAD)
        query = {"lat": f"{lat:.6f}", "lng": f"{lon:.6f}", "limit": str(limit)}
        asked.append(
            {
                "resource": NEARBY,
                "path": NEARBY,
                "httpMethod": "GET",
                "headers": {},
                "multiValueHeaders": {},
                "queryStringParameters": query,
                "multiValueQueryStringParameters": {name: [value] for name, value in query.items()},
                "pathParameters": None,
                "body": None,
                "requestContext": {
                    "requestId": "1",
                    "identity": {"sourceIp": "192.0.2.1"},
                    "authorizer": {"user_id": "U", "role": "customer", "session_id": "s", "openid": "o"},
                },
            }
        )
    return asked


def record(recorded: RecordedWiring, event: Event) -> Invocation:
    invocation = Invocation("stations/list_nearby_stations", event, recorded.clock.now())
    recorded.journal.current = invocation
    wiring.use(recorded)
    with recorded.meter.operation(f"question {len(recorded.meter.totals)}") as usage:
        answer = load_handler(invocation.function)(event, context())
    invocation.usage = usage
    assert answer["statusCode"] == 200 and "DRIVING" in answer["body"], answer
    return invocation


def measured(recorded: RecordedWiring, environment: dict[str, str], limit: int) -> dict[str, float]:
    with silence():
        invocations = [record(recorded, event) for event in questions(limit)]
        nobody_seals = cast("FieldVault", None)
        recording = Recording(environment, SECRETS, nobody_seals, [], {})
        spent = []
        for invocation in invocations:
            replay = Replay(recording, invocation)
            replay.wiring.__dict__["posted"] = recorded.posted  # read once, in the minute before
            replay.call()
            spent.append(statistics.median(replay.call() for _ in range(ROUNDS)) * 1_000)
    calls = [invocation.usage.calls for invocation in invocations]
    units = [invocation.usage.read_units for invocation in invocations]
    ninth = statistics.quantiles(spent, n=20)[-1]
    return {
        "cpu_ms": round(statistics.median(spent), 2),
        "cpu_ms_p95": round(ninth, 2),
        "cpu_ms_max": round(max(spent), 2),
        "calls": round(statistics.mean(calls), 2),
        "most_calls": max(calls),
        "read_units": statistics.median(units),
        "most_read_units": max(units),
    }


def measure() -> dict[str, dict[str, float]]:
    """What `make bench` prints: the import, and a question of each size."""
    os.environ.update({**CREDENTIALS, **template_environment()})
    environment = {**template_environment(), **ENVIRONMENT, "OCTANE_SECRET_MAPS": "MAPS"}
    house, found = import_all()
    recorded = stocked(environment, house.engine)
    nearby = {f"nearby_{limit}": measured(recorded, environment, limit) for limit in LIMITS}
    wiring.use(None)
    return {"import": found, **nearby}


def main() -> int:
    found = measure()
    for name, row in found.items():
        print(f"stations {name}: " + ", ".join(f"{what} {value}" for what, value in row.items()))
    print(f"at most {MOST_CALLS} calls and {TARGET_MS} ms of CPU are wanted of a question")
    print(json.dumps({"stations": found}))
    return int(any(row.get("most_calls", 0) > MOST_CALLS for row in found.values()))


if __name__ == "__main__":
    sys.exit(main())
