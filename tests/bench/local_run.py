"""Orders placed by several processes at once on the embedded AWS's tables: what the capacity model must
foretell.

    PYTHONPATH=layers/octane/python:infra:tests python -m bench.local_run FILE

Each worker is a process that handles one request at a time, as an environment of Lambda does; the tables are
one process that answers one call at a time. One worker alone tells what a request takes of its own CPU and of
the tables'; then several run at once. Both go to the file, as JSON, which `capacity` reads.
"""

import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any, NamedTuple

from bench.cold import CREDENTIALS, template_environment
from bench.warm import assert_good, silence
from octane.store.dynamodb import DynamoDbEngine
from octane.store.store import Store
from octane.wiring import pause
from world.embedded import embedded_aws
from world.engines import dynamodb_client
from world.shop import Shop, context, opened_shop
from world.tables import create_tables

ROUNDS, ROUND, WARM_UP = 4, 30, 5
"""Requests of each worker in a round, of them those before the others begin. Rounds, because a machine that
others use is not the same from one second to the next: each is foretold from its own lone worker."""
WORKERS = 4
EACH = 10
"""Orders of one person, so that nobody's are too many."""
CALLS = 2
"""That an order makes to the tables: its limit in bench/costs.py."""
SPIN_S = 1.0
TICKS = os.sysconf("SC_CLK_TCK")

Event = dict[str, Any]
Sample = tuple[float, float]
"""One request: seconds on the clock and of its process's CPU."""


class Spot:
    """The tables, and a way to speak to them that no two processes share."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._tables = create_tables(dynamodb_client(endpoint), "capacity-")
        self.server = _pid_of(endpoint)

    def move_in(self, shop: Shop) -> None:
        client = dynamodb_client(self._endpoint)
        engine = DynamoDbEngine(client, self._tables)
        shop.wiring.__dict__["store"] = Store(engine, shop.wiring.nonces, pause)
        for kept in ("router", "risk_rules", "revocations", "buckets"):
            shop.wiring.__dict__.pop(kept, None)


def measure(endpoint: str, directory: Path) -> dict[str, Any]:
    spot = Spot(endpoint)
    with opened_shop(directory, OCTANE_ORDERS_PER_HOUR="1000000") as shop:
        spot.move_in(shop)
        shop.function("orders/place_order")
        crowds = [_orders(shop, f"worker{number}") for number in range(WORKERS + 1)]
        rounds = []
        for start in range(0, len(crowds[0]), ROUND):
            now = [crowd[start : start + ROUND] for crowd in crowds]
            single, before = _run(shop, spot, now[:1]), _spin(WORKERS + 1)
            several, after, lone = _run(shop, spot, now[1:]), _spin(WORKERS + 1), _spin(1)
            rounds.append(
                {
                    "cores_left": round((before.cores + after.cores) / 2, 3),
                    "crowding": round(max(1.0, 2 * lone.speed / (before.speed + after.speed)), 3),
                    "server_cpu_s": single.server_s / len(single.samples) / CALLS,
                    "alone": single.samples,
                    "together": several.samples,
                    "together_s": several.seconds,
                }
            )
    cores = os.cpu_count()
    found = {"operation": "place_order", "workers": WORKERS, "calls": CALLS, "cores": cores}
    return {**found, "rounds": rounds}


def _orders(shop: Shop, name: str) -> list[Event]:
    """Requests as they pass the gateway, of people who have a card."""
    events = []
    for person in range(ROUNDS * ROUND // EACH):
        token = shop.log_in(f"{name}-{person}", phone=f"138{sum(name.encode()):04d}{person:04d}")
        card_id = shop.bind_card(token, number=f"1000111{sum(name.encode()):06d}{person:06d}")
        for number in range(EACH):
            key = {"Idempotency-Key": f"{name}-{person:03d}-{number:03d}"}
            event = shop.event("POST", "/api/v1/orders", {"card_id": card_id, "amount_fen": 100}, headers=key)
            request = {**event, "methodArn": "arn:aws:execute-api:r:1:api/local/GET/x"}
            request["headers"] = {**event["headers"], "Authorization": f"Bearer {token}"}
            allowed = shop.function("identity/authorize")(request, context())
            event["requestContext"]["authorizer"] = allowed["context"]
            events.append(event)
    return events


class _Run(NamedTuple):
    samples: list[Sample]
    server_s: float
    """CPU of the tables' process."""
    seconds: float
    """From the moment at which all began to the last answer."""


def _run(shop: Shop, spot: Spot, crowds: list[list[Event]]) -> _Run:
    """Each crowd in a process of its own; all begin at once, when everybody has warmed up."""
    forks = multiprocessing.get_context("fork")
    barrier, queue = forks.Barrier(len(crowds) + 1), forks.SimpleQueue()
    workers = [forks.Process(target=_work, args=(shop, spot, crowd, barrier, queue.put)) for crowd in crowds]
    for worker in workers:
        worker.start()
    barrier.wait()
    began, server = time.monotonic(), _cpu_of(spot.server)
    samples = [sample for _ in workers for sample in queue.get()]
    seconds, server_s = time.monotonic() - began, _cpu_of(spot.server) - server
    for worker in workers:
        worker.join()
    return _Run(samples, server_s, seconds)


def _work(
    shop: Shop, spot: Spot, events: list[Event], barrier: Barrier, tell: Callable[[object], None]
) -> None:
    spot.move_in(shop)
    handler = shop.function("orders/place_order")
    for event in events[:WARM_UP]:
        handler(event, context())
    barrier.wait()
    samples = []
    for event in events[WARM_UP:]:
        wall, cpu = time.monotonic(), time.process_time()
        answer = handler(event, context())
        samples.append((time.monotonic() - wall, time.process_time() - cpu))
        assert_good(answer)
    tell(samples)


class _Spun(NamedTuple):
    cores: float
    """Cores that so many busy processes got together: what other programs leave."""
    speed: float
    """Work done in a second of CPU."""


def _spin(at_once: int) -> _Spun:
    """Keep so many processes busy for a while."""

    def spin(tell: Callable[[object], None]) -> None:
        end, start, loops = time.monotonic() + SPIN_S, time.process_time(), 0
        while time.monotonic() < end:
            for _ in range(100):
                json.dumps({"a": 1})
            loops += 1
        tell((time.process_time() - start, loops))

    forks = multiprocessing.get_context("fork")
    queue = forks.SimpleQueue()
    spinners = [forks.Process(target=spin, args=(queue.put,)) for _ in range(at_once)]
    for spinner in spinners:
        spinner.start()
    told = [queue.get() for _ in spinners]
    for spinner in spinners:
        spinner.join()
    spent = sum(cpu for cpu, _ in told)
    return _Spun(spent / SPIN_S, sum(loops for _, loops in told) / spent)


def _pid_of(endpoint: str) -> int:
    """The process that has this endpoint's port in its environment and is the embedded AWS."""
    port = f"GATEWAY_PORT={endpoint.rpartition(':')[2]}".encode()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                command, environment = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
            except OSError:
                continue  # not ours to read, or gone meanwhile
            if b"ministack" in command and port in environment.split(b"\0"):
                return int(folder.name)
    raise LookupError(endpoint)


def _cpu_of(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def main() -> int:
    os.environ.update({**CREDENTIALS, **template_environment()})
    with embedded_aws() as endpoint, tempfile.TemporaryDirectory() as folder, silence():
        found = measure(endpoint, Path(folder))
    Path(sys.argv[1]).write_text(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
