"""What a channel may take a day, reserved in the caller's own transaction and never exceeded (PY5).

A day is a Beijing calendar day. A limit is split over shards, so that a busy channel has no hot item; the
shards' limits add up to the limit exactly, and each shard's write carries its own. So the sum over the shards
can pass the limit at no concurrency, whatever was read before and however old it is.

A payment goes into one shard when one has the room, and is spread over several when none has: an amount is
refused only when the shards together lack the room (or others were faster, several times in a row).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from octane.channels.port import ChannelName
from octane.kernel.clock import SECOND, Instant, in_beijing
from octane.kernel.errors import StateError
from octane.kernel.money import Fen
from octane.routing.rules import QuotaPlan
from octane.store.items import Item, Key, Table
from octane.store.store import Store
from octane.store.writes import Absent, AtLeast, AtMost, Update, any_of

KEPT_SECONDS = 3 * 24 * 3600
ROUNDS = 6
SORT = "#QUOTA"


class QuotaExhaustedError(StateError):
    """The shard lacks the room. Callers catch this: they try another shard, then another channel."""

    code = "QUOTA_EXHAUSTED"
    summary = "The channel has taken what it may take today."


class QuotaBrokenError(StateError):
    """More is given back than was reserved: a mistake of ours, and nothing was written."""

    code = "QUOTA_BROKEN"
    summary = "The channel's quota does not hold what is given back."


class Reservation(NamedTuple):
    """Room taken from a day's quota. The attempt keeps it (`text`), so that it can be given back."""

    channel: ChannelName
    day: str
    parts: tuple[tuple[int, int], ...]
    """(shard, fen), each shard once."""

    @property
    def amount(self) -> Fen:
        return Fen(sum(amount for _, amount in self.parts))

    @property
    def text(self) -> str:
        """`WECHAT:20261122:3=5000,1=200`."""
        return f"{self.channel}:{self.day}:" + ",".join(f"{shard}={amount}" for shard, amount in self.parts)

    @classmethod
    def of_text(cls, text: str) -> "Reservation":
        channel, day, parts = text.split(":")
        pairs = (part.split("=") for part in parts.split(","))
        return cls(ChannelName(channel), day, tuple((int(shard), int(amount)) for shard, amount in pairs))


def beijing_day(now: Instant) -> str:
    """The calendar day in Beijing: `20261122`."""
    return in_beijing(now).strftime("%Y%m%d")


def shard_limits(plan: QuotaPlan) -> tuple[int, ...]:
    """What each shard may hold; the sum is the plan's limit. A higher limit lowers no shard's."""
    share, rest = divmod(plan.limit, plan.shards)
    return tuple(share + (shard < rest) for shard in range(plan.shards))


def quota_key(channel: ChannelName, day: str, shard: int) -> Key:
    return Key(Table.ROUTING, f"QUOTA#{channel}#{day}#{shard:02d}", SORT)


def quota_keys(plan: QuotaPlan, channel: ChannelName, day: str) -> list[Key]:
    return [quota_key(channel, day, shard) for shard in range(plan.shards)]


def used_of(plan: QuotaPlan, channel: ChannelName, day: str, items: Iterable[Item]) -> tuple[int, ...]:
    """Fen used in each shard, out of whatever items were read."""
    found = {item["pk"]: item.get("used", 0) for item in items}
    used = (found.get(key.pk, 0) for key in quota_keys(plan, channel, day))
    return tuple(amount if isinstance(amount, int) else 0 for amount in used)


def read_used(store: Store, plan: QuotaPlan, channel: ChannelName, day: str) -> tuple[int, ...]:
    """Read all shards: one AWS call."""
    return used_of(plan, channel, day, store.batch_get(quota_keys(plan, channel, day)))


def reserve(
    plan: QuotaPlan,
    channel: ChannelName,
    day: str,
    attempt_no: str,
    amount: Fen,
    used: Sequence[int] | None = None,
) -> list[Reservation]:
    """The ways to place an amount, best first; empty when there is no room. `used` is as last read (None:
    nothing is known).

    First each single shard that seems to have the room, from the attempt's own on, so that attempts spread;
    last the amount in parts, from the emptiest shards down.
    """
    spent = used or (0,) * plan.shards
    room = [max(0, limit - fen) for limit, fen in zip(shard_limits(plan), spent, strict=True)]
    if amount <= 0 or sum(room) < amount:
        return []
    start = sum(attempt_no.encode())
    order = [(start + step) % plan.shards for step in range(plan.shards)]
    singles = [Reservation(channel, day, ((shard, amount),)) for shard in order if room[shard] >= amount]
    parts, left = [], int(amount)
    for shard in sorted(order, key=lambda shard: -room[shard]):  # stable: ties stay in the attempt's order
        part = min(left, room[shard])
        if part:
            parts.append((shard, part))
        left -= part
    spread = Reservation(channel, day, tuple(parts))
    return singles if spread in singles else [*singles, spread]


def reserving(plan: QuotaPlan, reservation: Reservation, now: Instant) -> tuple[Update, ...]:
    """The writes that take the room; commit them with what the room is for. Each raises
    `QuotaExhaustedError`."""
    limits = shard_limits(plan)
    return tuple(
        _taking(quota_key(reservation.channel, reservation.day, shard), amount, limits[shard], now)
        for shard, amount in reservation.parts
    )


def _taking(key: Key, amount: int, limit: int, now: Instant) -> Update:
    if amount > limit:  # an absent item has room for `limit` only
        raise QuotaExhaustedError
    return Update(
        key,
        when=any_of(Absent(), AtMost("used", limit - amount)),
        assign={"ttl": now // SECOND + KEPT_SECONDS},
        add={"used": amount},
        otherwise=QuotaExhaustedError(),
    )


def releasing(reservation: Reservation, now: Instant) -> tuple[Update, ...]:
    """The writes that give the room back; commit them with the end of what it was for, once.

    None are needed when the day is over: nobody can use the room any more, and the items may be gone.
    """
    if beijing_day(now) > reservation.day:
        return ()
    return tuple(
        Update(
            quota_key(reservation.channel, reservation.day, shard),
            when=AtLeast("used", amount),
            add={"used": -amount},
            otherwise=QuotaBrokenError(),
        )
        for shard, amount in reservation.parts
    )


def commit_reserved(
    plan: QuotaPlan,
    channel: ChannelName,
    attempt_no: str,
    amount: Fen,
    now: Instant,
    commit: Callable[[Reservation, tuple[Update, ...]], None],
    read: Callable[[], Sequence[int]],
    used: Sequence[int] | None = None,
) -> Reservation:
    """Reserve and commit in one transaction; raise `QuotaExhaustedError` when there is no room.

    `commit` is given the reservation and its writes, and commits them with its own; it may be called again
    after a `QuotaExhaustedError`, any other error ends it. `used` is what was known, `read` reads afresh. One
    AWS call when the first shard has the room; a refusal adds a read and a call, at most five times.
    """
    day = beijing_day(now)
    for attempt in range(ROUNDS):
        if attempt:
            used = read()
        ways = reserve(plan, channel, day, attempt_no, amount, used)
        if not ways and attempt:
            break
        if ways:
            try:
                commit(ways[0], reserving(plan, ways[0], now))
            except QuotaExhaustedError:
                continue
            return ways[0]
    raise QuotaExhaustedError


def left_of(plan: QuotaPlan, used: Sequence[int]) -> int:
    """Fen that a channel may still take, as last read."""
    return sum(max(0, limit - fen) for limit, fen in zip(shard_limits(plan), used, strict=True))
