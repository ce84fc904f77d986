"""The model held against this machine: what `bench.local_run` measured, foretold from one worker alone.

Workers and the tables' process share in slices what other programs leave of the machine's cores; the tables
answer one call at a time. What a request takes of CPU is drawn from what the lone worker's requests took.
"""

import json
import random
from pathlib import Path
from typing import NamedTuple

import simpy

from capacity.tally import Spread, spread
from capacity.world import Steps

SLICE = 0.003
"""Seconds that a process keeps a core while others want one: as Linux's scheduler does."""
REPEATS = 5


class Round(NamedTuple):
    cores_left: float
    """What so many processes got of the machine, beside other programs."""
    crowding: float
    """How much slower a core is while all are busy."""
    server_cpu_s: float
    """Of the tables' process, for one call."""
    alone: list[tuple[float, float]]
    """Of each request: seconds on the clock, seconds of CPU."""
    together: list[tuple[float, float]]
    together_s: float
    """From the first of them to the last, on the clock."""


class Measured(NamedTuple):
    operation: str
    workers: int
    calls: int
    """Of each request, to the tables."""
    cores: int
    rounds: list[Round]


class Rate(NamedTuple):
    """Requests a second, and how long each took (seconds)."""

    throughput: float
    took: Spread


class Validation(NamedTuple):
    workers: int
    measured: Rate
    foretold: Rate
    error_percent: float
    """The largest of throughput, median and 95th percentile."""


def read_measured(path: Path) -> Measured:
    stored = json.loads(path.read_text())
    return Measured(**{**stored, "rounds": [Round(**each) for each in stored["rounds"]]})


def validate(found: Measured, seed: int) -> Validation:
    runs = [foretell(found, each, seed) for each in found.rounds]
    measured = _rate(
        [wall for each in found.rounds for wall, _ in each.together],
        sum(each.together_s for each in found.rounds),
    )
    foretold = _rate([took for run in runs for took in run.took], sum(run.seconds for run in runs))
    pairs = (
        (measured.throughput, foretold.throughput),
        (measured.took.p50, foretold.took.p50),
        (measured.took.p95, foretold.took.p95),
    )
    error = max(abs(told - seen) / seen for seen, told in pairs)
    return Validation(found.workers, measured, foretold, round(100 * error, 1))


class _Run(NamedTuple):
    took: list[float]
    """Of each request, seconds."""
    seconds: float
    """From the first to the last."""


def foretell(found: Measured, each: Round, seed: int) -> _Run:
    """Run as many workers at once, on simulated cores."""
    took: list[float] = []
    seconds = 0.0
    for repeat in range(REPEATS):
        env, rng = simpy.Environment(), random.Random(seed + repeat)  # noqa: S311 - the same seed, the same run
        machine = _Machine(env, found.cores, each)
        for _ in range(found.workers):
            env.process(_worker(env, machine, rng, found, each, took))
        env.run()
        seconds += env.now
    return _Run(took, seconds)


def _rate(took: list[float], seconds: float) -> Rate:
    return Rate(len(took) / seconds, spread(took))


class _Machine:
    def __init__(self, env: simpy.Environment, cores: int, each: Round) -> None:
        self._env = env
        self._cores = simpy.Resource(env, cores)
        self._stretch = cores / min(each.cores_left, cores)
        self._crowding = each.crowding
        self.tables = simpy.Resource(env, 1)

    def compute(self, seconds: float) -> Steps:
        """Use a core for so long, slice by slice."""
        while seconds > 0:
            part = min(SLICE, seconds)
            with self._cores.request() as core:
                yield core
                crowded = self._crowding if self._cores.count == self._cores.capacity else 1.0
                yield self._env.timeout(part * crowded * self._stretch)
            seconds -= part


def _worker(
    env: simpy.Environment,
    machine: _Machine,
    rng: random.Random,
    found: Measured,
    each: Round,
    took: list[float],
) -> Steps:
    waited = sum(wall - cpu for wall, cpu in each.alone) / len(each.alone)
    for _ in range(len(each.together) // found.workers):
        wall, cpu = rng.choice(each.alone)
        call_s = each.server_cpu_s * (wall - cpu) / waited
        began = env.now
        for _ in range(found.calls):
            yield from machine.compute(cpu / (found.calls + 1))
            with machine.tables.request() as turn:
                yield turn
                yield from machine.compute(call_s)
        yield from machine.compute(cpu / (found.calls + 1))
        took.append(env.now - began)
