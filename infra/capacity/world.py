"""Lambda, DynamoDB and API Gateway as far as their limits go, on simulated time (simpy).

Limits are token buckets. What AWS does with a request beyond one is done here too: the gateway and Lambda
refuse, DynamoDB refuses and our store tries again with the same pauses as the real one, then gives up. A
claim that meets another one tries other shards instead, as `octane.coupons.claims` does.
"""

import math
import random
from collections.abc import Generator
from typing import Any, NamedTuple

import simpy

from capacity.constants import Operation
from capacity.limits import ASSUMED, CPU_SPEED, LIMITS
from capacity.settings import Settings
from capacity.tally import Tally

Steps = Generator[simpy.Event, Any, Any]
STORE_TRIES = 5
PAUSE_SECONDS = 0.02
"""Of the store's own tries: octane/store/store.py and octane/wiring/base.py."""
CLAIM_TRIES = 20
"""Shards that a claim tries: `MOST_ROUNDS` in octane/coupons/claims.py."""
P99 = 2.326


class Bucket:
    """`rate` tokens drip in a second, up to `burst`."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._level = burst
        self._at = 0.0

    def has(self, now: float, tokens: float) -> bool:
        self._level = min(self._burst, self._level + (now - self._at) * self._rate)
        self._at = now
        return self._level >= tokens

    def take(self, tokens: float) -> None:
        self._level -= tokens


class Tables:
    """Partitions that everybody writes, tables and indexes, and items that transactions hold."""

    def __init__(self, settings: Settings, tally: Tally) -> None:
        self._settings = settings
        self._tally = tally
        self._places: dict[str, Bucket] = {}
        self._partitions: dict[tuple[str, int], Bucket] = {}
        self._held_until: dict[int, float] = {}

    def write(self, operation: Operation, now: float, seconds: float, draw: float) -> str:
        """Take the units of one commit that lasts so long, or none of them; return what refused, or "".

        `draw`, from 0 to 1, says which of the partitions that everybody writes this commit is for.
        """
        wanted: list[tuple[Bucket, float]] = []
        for place, units, measured in operation.shares:
            bucket = self._places.get(place)
            if bucket is None:
                rate = self._settings.writes_of(place)
                bucket = self._places[place] = Bucket(rate, rate)
            if not bucket.has(now, units):
                return "table"
            wanted.append((bucket, units))
            shards = self._settings.shards_of(place, measured)
            if shards:
                key = place, int(draw * shards)
                partition = self._partitions.get(key)
                if partition is None:
                    rate = int(LIMITS["partition_writes"].value)
                    partition = self._partitions[key] = Bucket(rate, rate)
                if not partition.has(now, units):
                    return "partition"
                wanted.append((partition, units))
        if operation.holds_shared:
            shard = int(draw * self._settings.stock_shards)
            if self._held_until.get(shard, 0.0) > now:
                return "conflict"
            self._held_until[shard] = now + seconds
        for bucket, units in wanted:
            bucket.take(units)
        for place, units, _ in operation.shares:
            self._tally.written_at[place][int(now)] += round(units)
        self._tally.used["write_unit"] += round(operation.write_units)
        return ""


class Taken(NamedTuple):
    is_provisioned: bool
    is_cold: bool


class Function:
    """The environments of one function: those kept ready, those that are warm, and how fast more come."""

    def __init__(self, ready: int) -> None:
        self.ready = ready
        self.ready_requests = _requests(ready)
        self.warm = 0
        self.scaling = Bucket(LIMITS["lambda_scaling"].value, 1_000)


def _requests(environments: int) -> Bucket:
    """What so many environments may answer, with a second's worth at once."""
    rate = environments * LIMITS["lambda_requests"].value
    return Bucket(rate, rate)


class World:
    """All of it. `request` and `invoke` are steps of a simpy process."""

    def __init__(self, operations: dict[str, Operation], settings: Settings, seed: int) -> None:
        self.env = simpy.Environment()
        self.rng = random.Random(seed)  # noqa: S311 - the same seed shall give the same run
        self.tally = Tally()
        self.settings = settings
        self.operations = operations
        self.tables = Tables(settings, self.tally)
        self._gateway = Bucket(settings.gateway_rate, settings.gateway_burst)
        self._functions = {name: Function(settings.provisioned.get(name, 0)) for name in operations}
        self._on_demand = settings.concurrency - sum(settings.provisioned.values())
        self._requests = _requests(settings.concurrency)
        self._share = settings.memory_mb / LIMITS["lambda_vcpu_mb"].value * CPU_SPEED
        self._sigma = {name: math.log(d.p99_ms / d.median_ms) / P99 for name, d in ASSUMED.items()}
        self._mu = {name: math.log(d.median_ms / 1_000) for name, d in ASSUMED.items()}

    def lasts(self, what: str) -> float:
        """Seconds of something assumed."""
        return math.exp(self.rng.gauss(self._mu[what], self._sigma[what]))

    def admit(self) -> bool:
        """Whether the gateway takes one more request."""
        now = self.env.now
        if not self._gateway.has(now, 1):
            self.tally.refuse("gateway", now)
            return False
        self._gateway.take(1)
        self.tally.used["gateway_request"] += 1
        return True

    def invoke(self, name: str, records: int = 1, *, is_request: bool = True) -> Steps:
        """Run a function once, for so many records; the value is what refused it, or "". Lambda counts
        requests; what it polls from streams and queues it does not."""
        taken = self._take(name, is_request=is_request)
        if taken is None:
            self.tally.refuse("lambda", self.env.now)
            return "lambda"
        operation, began = self.operations[name], self.env.now
        self.tally.begin(name, began)
        billed = records * operation.cpu_ms / 1_000 / self._share
        if taken.is_cold:
            self.tally.cold[name] += 1
            billed += operation.start_cpu_ms / 1_000 / self._share
            yield self.env.timeout(self.lasts("placement"))
            began = self.env.now
        for what, calls in (
            ("read", operation.reads),
            ("queue", operation.other_calls),
            ("outside", operation.outside_calls),
        ):
            kind = what if what != "outside" else _WHOM.get(name, "channel")
            billed += sum(self.lasts(kind) for _ in range(records * calls))
        self.tally.used["read_unit"] += round(records * operation.read_units)
        yield self.env.timeout(billed)
        refused = ""
        for _ in range(records if operation.shares else 0):
            refused = yield from self._commit(operation)
        self._give_back(name, taken, self.env.now - began)
        return refused

    def _commit(self, operation: Operation) -> Steps:
        draw = self.rng.random()
        for attempt in range(CLAIM_TRIES if operation.holds_shared else STORE_TRIES):
            if attempt:
                exponent = 1 if operation.holds_shared else attempt
                yield self.env.timeout(self.rng.uniform(0, PAUSE_SECONDS * 2**exponent))
                draw = self.rng.random() if operation.holds_shared else draw
            seconds = sum(
                self.lasts(what)
                for what, calls in (("transact", operation.transactions), ("write", operation.writes))
                for _ in range(calls)
            )
            why = self.tables.write(operation, self.env.now, seconds, draw)
            yield self.env.timeout(seconds)
            if not why:
                return ""
            self.tally.refuse(why, self.env.now)
        self.tally.refuse("store", self.env.now)
        return "store"

    def _take(self, name: str, *, is_request: bool) -> Taken | None:
        function, now, token = self._functions[name], self.env.now, int(is_request)
        if not self._requests.has(now, token):
            return None
        taken: Taken | None = None
        if function.ready and function.ready_requests.has(now, token):
            function.ready -= 1
            function.ready_requests.take(token)
            taken = Taken(is_provisioned=True, is_cold=False)
        elif self._on_demand > 0 and (function.warm or function.scaling.has(now, 1)):
            taken = Taken(is_provisioned=False, is_cold=not function.warm)
            self._on_demand -= 1
            if taken.is_cold:
                function.scaling.take(1)
            else:
                function.warm -= 1
        if taken and is_request:
            self._requests.take(1)
            self.tally.requested_at[name][int(now)] += 1
        return taken

    def _give_back(self, name: str, taken: Taken, seconds: float) -> None:
        function, gb_s = self._functions[name], seconds * self.settings.memory_mb / 1_024
        self.tally.running[name] -= 1
        if taken.is_provisioned:
            function.ready += 1
            self.tally.ready_gb_s += gb_s
        else:
            function.warm += 1
            self._on_demand += 1
            self.tally.spent_gb_s += gb_s


_WHOM = {"recharge_worker": "issuer", "issuer_callback": "issuer"}
"""Who is called outside: else a channel."""
