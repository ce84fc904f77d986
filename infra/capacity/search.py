"""Which settings keep the slowest hundredth of requests within three seconds (OP9), found by trying.

First a run in which only what cannot be changed is short, to see what is used at most; from that the
throughput to have warm. Then the fewest partitions, and the fewest environments kept ready, that still do.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from capacity.constants import Operation
from capacity.limits import LIMITS
from capacity.settings import Settings
from capacity.stories import Crowd, Sale, pay, sell
from capacity.tally import Tally

Operations = dict[str, Operation]
MOST_SECONDS = 3.0
TILL = ("place_order", "pay_order")
"""What a customer waits for while paying."""
DUE_SHARDS = (4, 8, 16, 32, 64)
STOCK_SHARDS = (64, 90)
"""The last is what a campaign can have: `MOST_SHARDS`, octane/coupons/stock.py."""
READY_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Of the most that ran at once: how many environments are kept ready."""
AMPLE = 100_000
REQUESTS = LIMITS["lambda_requests"].value
QUEUE_WORKERS = 200
"""Batches of recharges at once: a thousand orders, as many as we ask an issuer to bear."""
ROOM = 1.25
"""Above what was used at most: two runs differ, and so do two days."""


class Found(NamedTuple):
    """A scenario as it is today, and under what is recommended."""

    today: Tally
    then: Tally
    settings: Settings
    shards: Mapping[int, float]
    """Number of partitions → the 99th percentile with so many, seconds."""
    ready: Mapping[int, float]
    """Environments kept ready → the 99th percentile with so many."""


class Scenario(NamedTuple):
    run: Callable[[Settings], Tally]
    functions: Operations
    waited_for: tuple[str, ...]
    parted: Callable[[Settings, int], Settings]
    """Sets the number of partitions that is searched for."""
    choices: Sequence[int]

    def p99(self, tally: Tally) -> float:
        return tally.p99(*self.waited_for)

    def does(self, tally: Tally) -> bool:
        """Everybody is served, and in time."""
        return not tally.ended["gave up"] and self.p99(tally) <= MOST_SECONDS


def paying(functions: Operations, crowd: Crowd, seed: int) -> Found:
    def run(settings: Settings) -> Tally:
        return pay(functions, settings, crowd, seed)

    return _found(Scenario(run, functions, TILL, _due, DUE_SHARDS))


def selling(functions: Operations, sale: Sale, seed: int) -> Found:
    def run(settings: Settings) -> Tally:
        return sell(functions, settings, sale, seed)

    return _found(Scenario(run, functions, ("claim",), _stock, STOCK_SHARDS))


def _due(settings: Settings, count: int) -> Settings:
    return settings._replace(due_shards=count)


def _stock(settings: Settings, count: int) -> Settings:
    return settings._replace(stock_shards=count)


def _found(scenario: Scenario) -> Found:
    settings = scenario.parted(ample(scenario.functions), max(scenario.choices))
    most = scenario.run(settings)
    warm = {place: _up(most.most_written(place) * ROOM) for place in sorted(most.written_at)}
    settings = settings._replace(warm_writes=warm)
    at_once = max(sum(most.peak.values()), most.most_requested(*scenario.functions) / REQUESTS)
    enough = _up(ROOM * at_once)
    shards: dict[int, float] = {}
    for count in scenario.choices:  # from few to many: the first that does, with Lambda's limits too
        settings = scenario.parted(settings, count)
        tally = scenario.run(settings)
        shards[count] = scenario.p99(tally)
        if not scenario.does(tally) and count < max(scenario.choices):
            continue
        then, readied, ready = _made_ready(scenario, settings._replace(concurrency=enough), most)
        if scenario.does(then):
            break
    return Found(scenario.run(Settings()), then, readied, shards, ready)


def _made_ready(
    scenario: Scenario, settings: Settings, most: Tally
) -> tuple[Tally, Settings, Mapping[int, float]]:
    """Search how many environments to keep ready: the run, its settings, and what others would have done."""

    def with_ready(share: float) -> Settings:
        kept = {
            name: math.ceil(share * max(most.peak[name], most.most_requested(name) / REQUESTS))
            for name in ("authorize", *scenario.waited_for)
        }
        return settings._replace(provisioned=kept if share else {})

    tried: dict[int, Tally] = {}
    low, high = 0, len(READY_SHARES) - 1
    while low < high:  # the least share that does; all of them do if the partitions do
        middle = (low + high) // 2
        tried[middle] = scenario.run(with_ready(READY_SHARES[middle]))
        low, high = (low, middle) if scenario.does(tried[middle]) else (middle + 1, high)
    if low not in tried:
        tried[low] = scenario.run(with_ready(READY_SHARES[low]))
    ready = {
        sum(with_ready(READY_SHARES[place]).provisioned.values()): scenario.p99(tried[place])
        for place in sorted(tried)
    }
    return tried[low], with_ready(READY_SHARES[low]), ready


def ample(functions: Operations) -> Settings:
    """Only the gateway's limit is AWS's: the others are what we ask for."""
    places = {share.place for operation in functions.values() for share in operation.shares}
    return Settings(
        provisioned=dict.fromkeys(functions, AMPLE),
        concurrency=AMPLE * (len(functions) + 1),
        gateway_rate=int(LIMITS["gateway_rate"].value),
        gateway_burst=int(LIMITS["gateway_burst"].value),
        queue_workers=QUEUE_WORKERS,
        warm_writes=dict.fromkeys(places, AMPLE),
    )


def _up(count: float) -> int:
    """To the next thousand."""
    return math.ceil(count / 1_000) * 1_000
