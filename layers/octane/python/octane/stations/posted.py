"""What a litre costs at a station: its province's price and the station's own offset, with their age (ST1).

The prices of all provinces are one item, which `octane.prices` writes and everybody reads. Rooms that are
neighbours share its key and shape (`octane.prices.records`) and no code: a reader takes what it understands,
and a price that is missing is not shown.
"""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from octane.kernel.clock import MINUTE, Clock, Instant
from octane.kernel.provinces import Province
from octane.stations.model import Station
from octane.stations.records import PRICES
from octane.store.items import Item, Key, Value

HOUR = 60 * MINUTE
KEPT_MS = MINUTE


class Seller(Protocol):
    """A station, or what a cell tells of one."""

    @property
    def province(self) -> Province: ...
    @property
    def grades(self) -> tuple[str, ...]: ...
    @property
    def offsets(self) -> Mapping[str, int]: ...


class PostedPrices:
    """The item of all prices, kept by a process for a minute: every question needs it, so it would be the one
    key that all of them read, and it costs as much CPU as all else that they read."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._item: Item | None = None
        self._read_at: Instant | None = None

    def to_read(self) -> list[Key]:
        """What to read along: nothing while the item is fresh."""
        fresh = self._read_at is not None and abs(self._clock.now() - self._read_at) < KEPT_MS
        return [] if fresh else [PRICES]

    def take(self, item: Item | None) -> None:
        """Keep what was read; None: there are no prices yet."""
        self._item, self._read_at = item, self._clock.now()

    def of(self, station: Station, stale_ms: int) -> tuple["PostedPrice", ...]:
        return posted_prices(station, self._item, self._clock.now(), stale_ms)


class PostedPrice(NamedTuple):
    grade: str
    fen_per_litre: int
    as_of: Instant
    """When the source of its province last said so."""
    age_hours: int
    """Whole hours since then: an answer that a client keeps does not change with each minute."""
    stale: bool
    """Too old to be relied on."""


def posted_prices(station: Seller, item: Item | None, now: Instant, stale_ms: int) -> tuple[PostedPrice, ...]:
    """The prices of the grades that a station sells, those that are known."""
    prices = _part(_part(_part(item, "provinces"), station.province.value), "prices")
    found = []
    for grade in station.grades:
        price = _part(prices, grade)
        fen, as_of = price.get("fen"), price.get("as_of")
        if type(fen) is int and type(as_of) is int:
            age = max(0, now - as_of)
            own = fen + station.offsets.get(grade, 0)
            found.append(PostedPrice(grade, own, Instant(as_of), age // HOUR, age > stale_ms))
    return tuple(found)


def _part(whole: Item | None, name: str) -> dict[str, Value]:
    part = whole.get(name) if whole else None
    return part if isinstance(part, dict) else {}
