"""Token buckets in the tables: one conditional update takes a token, or the caller's own transaction does.

| key                                | item                                                            |
|------------------------------------|-----------------------------------------------------------------|
| pk: `LIMIT#L…` (name, whom, shard) | `full_at`: when the bucket is full again, in epoch microseconds |
| sk: `#BUCKET`                      | `ttl`                                                           |

`full_at` is GCRA's theoretical arrival time: taking a token moves it on by one interval (seconds / tokens),
and nobody moves it further than `burst` intervals ahead of now. So one number is the whole bucket. What a
refused call writes is nothing: it delays neither its sender nor anybody else.

DynamoDB cannot say `max(full_at, now)` in an update, so there are two, and exactly one of them can be true:

    the bucket is full   (no item, or full_at <= now):  SET full_at = now + interval
    it is being used     (full_at > now):               ADD full_at interval, unless that is too far ahead

Which one to send is guessed from what this process saw last. As `full_at` never goes back, what was seen is a
lower bound: it can tell for sure that the bucket is in use, and for sure that it is empty. The first costs no
second try; the second is a refusal that costs no call at all, however hard somebody knocks.

A refused client is told whole seconds. Within what that rounds up, each process draws the moment from which
it asks again: so a hundred processes that wait for one token do not all ask for it at the same moment, and
the bucket's item is not hot.

Two clocks that are apart by d milliseconds make the limit wrong by d at most, once.
"""

from collections.abc import Mapping
from typing import NamedTuple

from octane.kernel.clock import Clock
from octane.kernel.errors import StateError, TooManyError, UnavailableError
from octane.kernel.ids import derive_id
from octane.kernel.signals import Signals
from octane.limits.addresses import network_of
from octane.limits.table import Limit, Per
from octane.store.items import Item, Key, Table
from octane.store.store import Store
from octane.store.writes import Absent, AtLeast, AtMost, Update, Write, all_of, any_of

MICRO = 1_000_000
MOST_ROUNDS = 6
"""Conditional updates of one call before it is refused: each that fails has taught something."""
MOST_SHARDS_TRIED = 2
MOST_REMEMBERED = 10_000
KEPT_SECONDS = 3_600


class BucketMissedError(StateError):
    """The bucket was not as guessed. Caught here, always; `index` is the spend's."""

    code = "BUCKET_MISSED"

    def __init__(self, index: int) -> None:
        super().__init__()
        self.index = index


class Spend(NamedTuple):
    """A token of the limit `name`, for one person, phone, address or device."""

    name: str
    whom: str
    spread: str = ""
    """Picks the shard of a limit that has several: the device, or what else differs between people behind one
    address."""
    refusal: type[TooManyError] = TooManyError


class _Bucket(NamedTuple):
    key: Key
    interval: int
    """Microseconds that a token takes to drip in."""
    room: int
    """Microseconds that `full_at` may be ahead of now."""

    def wait(self, full_at: int, now: int) -> int:
        """Microseconds until there is a token; 0 when there is one."""
        return max(0, full_at + self.interval - self.room - now)


class Buckets:
    """The buckets as one process sees them."""

    def __init__(self, store: Store, clock: Clock, signals: Signals, limits: Mapping[str, Limit]) -> None:
        self._store = store
        self._clock = clock
        self._signals = signals
        self._limits = limits
        self._seen: dict[Key, int] = {}
        """`full_at` as last seen: the true one is this or later."""
        self._held: dict[Key, int] = {}
        """When an empty bucket is asked again, in epoch microseconds."""

    def take(self, *spends: Spend) -> None:
        """Take one token of each, or none and raise the refusal, which knows how long to wait.

        One AWS call, and none where this process knows already that a bucket is empty; two or three where it
        knew too little. (For several limits the call is one transaction.) Raises `UnavailableError` when the
        tables are out of reach and a limit fails closed.
        """
        try:
            self._spend(spends, (), refuse_early=True)
        except UnavailableError:
            if not all(self._limits[spend.name].fails_open for spend in spends):
                raise
            self._signals.count("LimitNotCounted", limit=spends[0].name)

    def commit(self, spends: tuple[Spend, ...], *writes: Write) -> None:
        """Commit the writes and take the tokens, in one transaction: no AWS call more, except where this
        process knew too little of a bucket (the transaction is sent once more).

        The writes come first: where one of them refuses (a replay finds what the first call made), that is
        the answer, and nothing is taken.
        """
        self._spend(spends, writes, refuse_early=False)

    def _spend(self, spends: tuple[Spend, ...], writes: tuple[Write, ...], *, refuse_early: bool) -> None:
        choices = [self._buckets(spend) for spend in spends]
        in_use: set[Key] = set()
        tried: set[Key] = set()
        for _ in range(MOST_ROUNDS):
            now = self._now()
            chosen = [self._choose(each, tried, now) for each in choices]
            if refuse_early:
                for spend, bucket in zip(spends, chosen, strict=True):
                    self._refuse_if_empty(spend, bucket, now)
            updates = [
                _from_a_used(bucket, index, now)
                if bucket.key in in_use or self._seen.get(bucket.key, 0) > now
                else _from_a_full(bucket, index, now)
                for index, bucket in enumerate(chosen)
            ]
            try:
                self._write(updates, writes)
            except BucketMissedError as miss:
                spend, bucket = spends[miss.index], chosen[miss.index]
                if not updates[miss.index].add:
                    in_use.add(bucket.key)
                    continue
                tried.add(bucket.key)
                if self._found_empty(bucket, now):
                    self._refuse_if_empty(spend, self._choose(choices[miss.index], tried, now), now)
                in_use.discard(bucket.key)
                continue
            return
        raise spends[0].refusal(retry_after=1)

    def _buckets(self, spend: Spend) -> list[_Bucket]:
        """The limit's shards, from the spend's own on."""
        limit = self._limits[spend.name]
        whom = network_of(spend.whom) if limit.per is Per.IP else spend.whom
        start = sum(spend.spread.encode()) % limit.shards
        shares = [limit.burst // limit.shards + (n < limit.burst % limit.shards) for n in range(limit.shards)]
        interval = limit.seconds * MICRO * limit.shards // limit.tokens
        return [
            _Bucket(bucket_key(spend.name, whom, n), interval, shares[n] * interval)
            for n in (*range(start, limit.shards), *range(start))
        ]

    def _choose(self, buckets: list[_Bucket], tried: set[Key], now: int) -> _Bucket:
        """The first that may have a token; of those known to be empty, the one that has one first."""
        asked = [bucket for bucket in buckets if bucket.key in tried]
        left = asked if len(asked) == MOST_SHARDS_TRIED else buckets
        return min(left, key=lambda bucket: self._wait(bucket, now))

    def _wait(self, bucket: _Bucket, now: int) -> int:
        """Microseconds until this process asks the bucket, as far as it knows; 0 for now."""
        return max(bucket.wait(self._seen.get(bucket.key, 0), now), self._held.get(bucket.key, 0) - now)

    def _refuse_if_empty(self, spend: Spend, bucket: _Bucket, now: int) -> None:
        wait = self._wait(bucket, now)
        if wait > 0:
            seconds = _whole_seconds(wait)
            told = f"Too many of these; wait {seconds} seconds and try again."
            raise spend.refusal(told, retry_after=seconds)

    def _write(self, updates: list[Update], writes: tuple[Write, ...]) -> None:
        if len(updates) == 1 and not writes:
            item = self._store.take(updates[0])
            self._remember(updates[0].key, _full_at(item))
            return
        self._store.commit(*writes, *updates)
        for update in updates:  # a transaction tells nothing back: at least this much
            before = self._seen.get(update.key, 0)
            self._remember(update.key, _full_at(update.assign) or before + update.add["full_at"])

    def _found_empty(self, bucket: _Bucket, now: int) -> bool:
        """A bucket that is in use refused. Learn how long it is empty; False: it only looked so.

        Nobody asks for how long when it must be in use, and its tokens drip in faster than one a second: a
        second is what the client is told.
        """
        if bucket.interval > MICRO or self._seen.get(bucket.key, 0) <= now:
            self._remember(bucket.key, _full_at(self._store.get(bucket.key) or {}))
        else:
            self._remember(bucket.key, now + bucket.room - bucket.interval + 1)
        wait = bucket.wait(self._seen[bucket.key], now)
        if wait:
            slack = _whole_seconds(wait) * MICRO - wait
            self._held[bucket.key] = now + wait + int(self._store.nonces.token(), 16) % (slack + 1)
        return wait > 0

    def _remember(self, key: Key, full_at: int) -> None:
        if len(self._seen) >= MOST_REMEMBERED and key not in self._seen:
            now = self._now()
            self._seen = {known: at for known, at in self._seen.items() if at > now}
            self._held = {known: at for known, at in self._held.items() if at > now}
            if len(self._seen) >= MOST_REMEMBERED:
                self._seen.clear()  # costs a wrong guess each
        self._seen[key] = full_at

    def _now(self) -> int:
        return self._clock.now() * 1_000


def bucket_key(name: str, whom: str, shard: int = 0) -> Key:
    """Nothing personal is in a key: addresses and phones are digested."""
    return Key(Table.IDENTITY, f"LIMIT#{derive_id('L', name, whom, str(shard))}", "#BUCKET")


def _from_a_full(bucket: _Bucket, index: int, now: int) -> Update:
    """Take the first token of a full bucket."""
    return Update(
        bucket.key,
        when=any_of(Absent(), AtMost("full_at", now)),
        assign={"full_at": now + bucket.interval, "ttl": _ttl(bucket, now)},
        otherwise=BucketMissedError(index),
    )


def _from_a_used(bucket: _Bucket, index: int, now: int) -> Update:
    """Take one of the tokens that are left."""
    return Update(
        bucket.key,
        when=all_of(AtLeast("full_at", now + 1), AtMost("full_at", now + bucket.room - bucket.interval)),
        assign={"ttl": _ttl(bucket, now)},
        add={"full_at": bucket.interval},
        otherwise=BucketMissedError(index),
    )


def _ttl(bucket: _Bucket, now: int) -> int:
    return (now + bucket.room) // MICRO + KEPT_SECONDS


def _full_at(item: Item) -> int:
    return int(str(item.get("full_at", 0)))


def _whole_seconds(wait: int) -> int:
    """Microseconds in seconds, rounded up: `Retry-After` has no fractions."""
    return -(-wait // MICRO)
