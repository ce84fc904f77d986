"""What a process knows about routing: read together, by one call, and kept for some seconds (PY6)."""

from collections.abc import Mapping
from typing import NamedTuple

from octane.channels.port import ChannelName
from octane.kernel.clock import SECOND, Clock, Instant
from octane.kernel.errors import UnavailableError
from octane.routing.defaults import default_rules
from octane.routing.health import OUTSIDE, ChannelRecord, health_key, record_of
from octane.routing.parsing import read_rules
from octane.routing.publishing import CURRENT
from octane.routing.quota import beijing_day, quota_keys, used_of
from octane.routing.rules import RuleSet
from octane.rulebook.errors import RulesInvalidError, RulesUnknownError
from octane.store.items import Item
from octane.store.store import Store

CACHE_MS = 5 * SECOND


class Snapshot(NamedTuple):
    """All that a decision needs, as last read. It may be old: nothing about money is decided by it alone."""

    rules: RuleSet
    records: Mapping[ChannelName, ChannelRecord]
    day: str
    """The Beijing day that `used` speaks of."""
    used: Mapping[ChannelName, tuple[int, ...]]
    """Fen used in each shard of each channel's quota; a channel is left out while nothing is known."""
    read_at: Instant
    is_known: bool = True
    """False as long as the rules in force could never be read."""
    problem: str = ""
    """Why this is not what the table says: an error's code."""


class HealthReader:
    """Reads at most once in `cache_ms`: rules, health of all channels and used quotas in one BatchGet.

    When it cannot be read, what was known last stays; in the beginning that is the built-in rules and all
    channels well. Either is tried again after the same time, so that a sick table is not asked all the time.
    """

    def __init__(self, store: Store, clock: Clock, cache_ms: int = CACHE_MS) -> None:
        self._store = store
        self._clock = clock
        self._cache_ms = cache_ms
        self._known: Snapshot | None = None

    def snapshot(self) -> Snapshot:
        now, known = self._clock.now(), self._known
        if known is None or abs(now - known.read_at) >= self._cache_ms:  # a clock may also be set back
            known = self._known = self._read(known or _nothing_known(now), now)
        return known

    def known(self) -> Snapshot:
        """The same for who is about to decide about money by it: quotas must not fail open. Reads again at
        once when the rules could not be read yet; raises `RulesUnknownError`."""
        found = self.snapshot()
        if not found.is_known:
            found = self._known = self._read(found, self._clock.now())
        if not found.is_known:
            raise RulesUnknownError
        return found

    def record(self, channel: ChannelName) -> ChannelRecord:
        return self.snapshot().records.get(channel) or ChannelRecord(channel)

    def read_record(self, channel: ChannelName) -> ChannelRecord:
        """Read one channel's health afresh: one call."""
        return self.learn(channel, self._store.get(health_key(channel)))

    def learn(self, channel: ChannelName, item: Item | None) -> ChannelRecord:
        """Keep what a write or a read of our own has just shown."""
        record, known = record_of(channel, item), self._known
        if known is not None:
            self._known = known._replace(records={**known.records, channel: record})
        return record

    def learn_used(self, channel: ChannelName, day: str, used: tuple[int, ...]) -> None:
        known = self._known
        if known is not None and known.day == day:
            self._known = known._replace(used={**known.used, channel: used})

    def _read(self, known: Snapshot, now: Instant) -> Snapshot:
        day = beijing_day(now)
        plans = {
            channel: plan for channel in ChannelName if (plan := known.rules.quota(channel, day)) is not None
        }
        shards = [key for channel, plan in plans.items() for key in quota_keys(plan, channel, day)]
        keys = [CURRENT, *(health_key(channel) for channel in OUTSIDE), *shards]
        try:
            found = self._store.batch_get(keys)
        except UnavailableError as error:
            return known._replace(read_at=now, problem=error.code)
        items = {(item["pk"], item["sk"]): item for item in found}
        rules, problem = _rules(known.rules, items.get((CURRENT.pk, CURRENT.sk)))
        records: dict[ChannelName, ChannelRecord] = {
            channel: record_of(channel, items.get((key.pk, key.sk)))
            for channel in OUTSIDE
            for key in (health_key(channel),)
        }
        return Snapshot(
            rules=rules,
            records=records,
            day=day,
            used={
                channel: used_of(plan, channel, day, found)
                for channel, plan in plans.items()
                if rules.quota(channel, day) == plan
            },
            read_at=now,
            is_known=known.is_known or not problem,
            problem=problem,
        )


def _nothing_known(now: Instant) -> Snapshot:
    records = {channel: ChannelRecord(channel) for channel in OUTSIDE}
    return Snapshot(default_rules(), records, beijing_day(now), {}, now, is_known=False)


def _rules(known: RuleSet, item: Item | None) -> tuple[RuleSet, str]:
    """Parse and compile only what is new; rules that cannot be read leave the ones before in force."""
    if item is None:
        return default_rules(), ""
    if item["text"] == known.text:
        return known, ""
    try:
        return read_rules(str(item["text"])), ""
    except RulesInvalidError as error:
        return known, error.code
