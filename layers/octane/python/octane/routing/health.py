"""The health of a channel, shared by all functions: one small item each (PY6).

    CLOSED ──failures in a row, or too large a share──▶ OPEN ──pause over, one claims the probe──▶ HALF_OPEN
      ▲                                                  ▲                                          │   │
      │                                                  └──probe failed: the pause doubles─────────┘   │
      └──probe succeeded: the counts start anew─────────────────────────────────────────────────────────┘

The window is counted, not timed: two halves, the current one and the one before. Successes are added without
a version (any number of processes at once, none lost); whatever moves the breaker carries the version that it
was derived from, or the state that it ends. Wrong clocks make a pause shorter or longer and nothing else: who
probes is decided by the item.

Only what a channel does counts. A customer's wrong password or a refused card is the channel at its best.
"""

import hashlib
from typing import NamedTuple

from octane.channels.port import ChannelName
from octane.kernel.clock import Instant, later
from octane.routing.decisions import Circuit, Health
from octane.routing.rules import PPM, BreakerRule
from octane.store.items import Item, Key, Table, Value
from octane.store.writes import (
    ANYWAY,
    AtLeast,
    AtMost,
    Condition,
    Is,
    Missing,
    Update,
    all_of,
    any_of,
)

SORT = "#HEALTH"
PRIOR = 10
"""Successes that every channel is given on trust, so that one failure in two calls is not 50 %."""
RECENT = 16
OUTSIDE: tuple[ChannelName, ...] = tuple(
    channel for channel in ChannelName if channel is not ChannelName.WALLET
)
"""The channels that can be sick."""


class ChannelRecord(NamedTuple):
    """The item. Times in epoch milliseconds; `ok`, `bad` and `latency_ms` (of the good calls, summed) are the
    current half of the window, `before_…` the other."""

    channel: ChannelName
    version: int = 0
    circuit: Circuit = Circuit.CLOSED
    run: int = 0
    """Failures in a row."""
    failed_at: Instant = Instant(0)
    opened_at: Instant = Instant(0)
    retry_at: Instant = Instant(0)
    """While open: from then on it may be probed."""
    pause_ms: int = 0
    probe_by: str = ""
    probe_until: Instant = Instant(0)
    ok: int = 0
    bad: int = 0
    latency_ms: int = 0
    before_ok: int = 0
    before_bad: int = 0
    before_latency_ms: int = 0
    generation: int = 0
    """How often the halves have moved on."""
    recent: tuple[str, ...] = ()
    """The attempts whose failures were counted last, as short digests."""

    @property
    def calls(self) -> int:
        return self.ok + self.bad + self.before_ok + self.before_bad

    def health(self, *, cooling: bool) -> Health:
        """What a decision may know."""
        good = self.ok + self.before_ok
        return Health(
            circuit=self.circuit,
            success_ppm=max(1, (good + PRIOR) * PPM // (self.calls + PRIOR)),
            latency_ms=(self.latency_ms + self.before_latency_ms) // good if good else 0,
            cooling=cooling,
        )

    def probe_due(self, now: Instant) -> bool:
        """Whether a probe may be claimed, as far as this reading tells."""
        if self.circuit is Circuit.OPEN:
            return now >= self.retry_at
        return self.circuit is Circuit.HALF_OPEN and now >= self.probe_until


class Successes(NamedTuple):
    """Good calls that are not written yet."""

    calls: int = 0
    latency_ms: int = 0
    """Their sum."""
    last_at: Instant = Instant(0)


NO_SUCCESSES = Successes()


def health_key(channel: ChannelName) -> Key:
    return Key(Table.ROUTING, f"HEALTH#{channel}", SORT)


def short(attempt_no: str) -> str:
    """Eight characters that stand for an attempt."""
    return hashlib.sha256(attempt_no.encode()).hexdigest()[:8]


def record_of(channel: ChannelName, item: Item | None) -> ChannelRecord:
    """Read an item; none is a channel that nobody has complained about."""
    if item is None:
        return ChannelRecord(channel)

    def number(name: str) -> int:
        value = item.get(name, 0)
        return value if isinstance(value, int) else 0

    recent = item.get("recent", [])
    return ChannelRecord(
        channel=channel,
        version=number("version"),
        circuit=Circuit(str(item.get("circuit", Circuit.CLOSED))),
        run=number("run"),
        failed_at=Instant(number("failed_at")),
        opened_at=Instant(number("opened_at")),
        retry_at=Instant(number("retry_at")),
        pause_ms=number("pause_ms"),
        probe_by=str(item.get("probe_by", "")),
        probe_until=Instant(number("probe_until")),
        ok=number("ok"),
        bad=number("bad"),
        latency_ms=number("latency_ms"),
        before_ok=number("before_ok"),
        before_bad=number("before_bad"),
        before_latency_ms=number("before_latency_ms"),
        generation=number("generation"),
        recent=tuple(str(part) for part in recent) if isinstance(recent, list) else (),
    )


def succeeded(channel: ChannelName, good: Successes) -> Update:
    """Count good calls, whatever the state is."""
    return Update(health_key(channel), when=ANYWAY, add={"ok": good.calls, "latency_ms": good.latency_ms})


def moved_on(record: ChannelRecord) -> Update:
    """Make the current half the one before. What was added since the reading stays in the new one."""
    return Update(
        health_key(record.channel),
        when=_at("generation", record.generation),
        assign={
            "before_ok": record.ok,
            "before_bad": record.bad,
            "before_latency_ms": record.latency_ms,
        },
        add={"ok": -record.ok, "bad": -record.bad, "latency_ms": -record.latency_ms, "generation": 1},
    )


def half_is_full(record: ChannelRecord, window: int) -> bool:
    return record.ok + record.bad >= max(1, window // 2)


def run_ended(channel: ChannelName, good: Successes) -> Update:
    """Count good calls that follow a failure: the run is over."""
    return Update(
        health_key(channel),
        when=all_of(Is("circuit", Circuit.CLOSED.value), AtLeast("run", 1)),
        assign={"run": 0},
        add={"ok": good.calls, "latency_ms": good.latency_ms, "version": 1},
    )


def failed(
    record: ChannelRecord, attempt_no: str, good: Successes, now: Instant, breaker: BreakerRule
) -> Update | None:
    """Count a failure of the channel, and the good calls before it; open the circuit when it is one too many.

    None when it counts nothing: the circuit is open already, or this attempt's failure was counted.
    """
    digest = short(attempt_no)
    if record.circuit is not Circuit.CLOSED or digest in record.recent:
        return None
    # What succeeded before the last failure, here or elsewhere, ends no run.
    in_a_row = good.last_at <= record.failed_at and now - record.failed_at <= breaker.within_ms
    run = record.run + 1 if in_a_row else 1
    assign: dict[str, Value] = {
        "circuit": Circuit.CLOSED.value,
        "run": run,
        "failed_at": max(now, record.failed_at),
        "recent": list[Value]([*record.recent, digest][-RECENT:]),
    }
    bad, calls = record.bad + record.before_bad + 1, record.calls + good.calls + 1
    too_many = calls >= breaker.least_calls and bad * PPM >= breaker.failure_ppm * calls
    if run >= breaker.failures or too_many:
        assign |= _opened(now, breaker.pause_ms)
    return Update(
        health_key(record.channel),
        when=_at("version", record.version),
        assign=assign,
        add={"bad": 1, "ok": good.calls, "latency_ms": good.latency_ms, "version": 1},
    )


def probe_claimed(channel: ChannelName, by: str, now: Instant, breaker: BreakerRule) -> Update:
    """Take the only probe: the pause is over, or whoever held the probe has not come back in time."""
    over = all_of(Is("circuit", Circuit.OPEN.value), AtMost("retry_at", now))
    deserted = all_of(Is("circuit", Circuit.HALF_OPEN.value), AtMost("probe_until", now))
    return Update(
        health_key(channel),
        when=any_of(over, deserted),
        assign={
            "circuit": Circuit.HALF_OPEN.value,
            "probe_by": by,
            "probe_until": later(now, breaker.lease_ms),
        },
        add={"version": 1},
    )


def probe_succeeded(channel: ChannelName, by: str, latency_ms: int) -> Update:
    """Close the circuit. The counts start anew: what made it open is over."""
    return Update(
        health_key(channel),
        when=_held_by(by),
        assign={
            "circuit": Circuit.CLOSED.value,
            "run": 0,
            "pause_ms": 0,
            "recent": [],
            "ok": 1,
            "bad": 0,
            "latency_ms": latency_ms,
            "before_ok": 0,
            "before_bad": 0,
            "before_latency_ms": 0,
        },
        add={"version": 1, "generation": 1},
        remove=("probe_by", "probe_until", "retry_at"),
    )


def probe_failed(record: ChannelRecord, by: str, now: Instant, breaker: BreakerRule) -> Update:
    """Open it again, for twice as long."""
    pause = min(breaker.longest_pause_ms, 2 * max(record.pause_ms, breaker.pause_ms // 2))
    return Update(
        health_key(record.channel),
        when=all_of(_held_by(by), Is("version", record.version)),
        assign={**_opened(now, pause), "failed_at": max(now, record.failed_at)},
        add={"bad": 1, "version": 1},
        remove=("probe_by", "probe_until"),
    )


def _opened(now: Instant, pause_ms: int) -> dict[str, Value]:
    return {
        "circuit": Circuit.OPEN.value,
        "opened_at": now,
        "retry_at": later(now, pause_ms),
        "pause_ms": pause_ms,
    }


def _held_by(by: str) -> Condition:
    return all_of(Is("circuit", Circuit.HALF_OPEN.value), Is("probe_by", by))


def _at(counter: str, value: int) -> Condition:
    """The counter still has this value; it is missing as long as it is 0."""
    return Is(counter, value) if value else Missing(counter)
