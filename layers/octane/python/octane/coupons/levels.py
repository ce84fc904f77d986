"""What is known of a fuel's supply (MK6).

| key (table coupons) | item                                                                          |
|---------------------|-------------------------------------------------------------------------------|
| `SUPPLY` `<grade>`  | litres and threshold over all groups of stations, `is_low`, when measured      |
"""

from typing import NamedTuple

from octane.kernel.clock import MINUTE, Instant, later
from octane.store.items import Item, Key, Table
from octane.store.store import Store

SUPPLY = "SUPPLY"
STALE_MS = 60 * MINUTE
"""What was measured longer ago decides nothing."""
AHEAD_MS = 5 * MINUTE
"""Nor does what was measured later than so long after now: whoever measured it has a wrong clock."""


class Level(NamedTuple):
    grade: str
    litres: int
    threshold: int
    is_low: bool
    measured_at: Instant
    """Of the oldest of its tanks' figures."""

    def is_stale(self, now: Instant) -> bool:
        return not later(now, -STALE_MS) < self.measured_at <= later(now, AHEAD_MS)


def level_key(grade: str) -> Key:
    return Key(Table.COUPONS, SUPPLY, grade)


def level_of(item: Item) -> Level:
    litres, threshold, measured_at = (int(str(item[name])) for name in ("litres", "threshold", "measured_at"))
    return Level(str(item["sk"]), litres, threshold, item["is_low"] is True, Instant(measured_at))


def is_low(store: Store, grade: str, now: Instant, *, was: bool = False) -> bool:
    """Whether a grade is short by its last level; what was where none says. One AWS call, none without a
    grade."""
    item = store.get(level_key(grade)) if grade else None
    level = level_of(item) if item else None
    return was if level is None or level.is_stale(now) else level.is_low
