"""What fuel costs in a province, by grade, and how old that is (ST2). Prices are whole fen per litre."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from octane.kernel.clock import Instant
from octane.kernel.provinces import Province


class Grade(StrEnum):
    """The octane number; `0` is diesel."""

    G92 = "92"
    G95 = "95"
    G98 = "98"
    G89 = "89"
    DIESEL = "0"


class Price(NamedTuple):
    fen: int
    """Per litre."""
    as_of: Instant
    """When its source, or staff, last said so."""


class Suspect(NamedTuple):
    """A price that is too far from the one before to be believed at once."""

    fen: int
    seen: int
    """In how many pulls."""
    at: Instant
    """When last."""


class Reading(NamedTuple):
    """What a source says of one province. A grade that is in neither part is a hole."""

    prices: Mapping[Grade, int]
    odd: Mapping[Grade, str]
    """What stood there instead of a price."""


class ProvincePrices(NamedTuple):
    province: Province
    prices: Mapping[Grade, Price]
    suspects: Mapping[Grade, Suspect]
    version: int = 0
    """Counts changes of any price; 0: none was ever known."""
    revision: int = 0
    """Counts writes."""

    @property
    def as_of(self) -> Instant:
        """When anything was last heard; 0 for never."""
        return max((price.as_of for price in self.prices.values()), default=Instant(0))


class Change(NamedTuple):
    old: int | None
    """None: the grade had no price."""
    new: int


Fens = Mapping[Grade, int]


def fens_of(prices: Mapping[Grade, Price]) -> Fens:
    return {grade: price.fen for grade, price in prices.items()}


def changes_between(old: Fens, new: Fens) -> dict[Grade, Change]:
    """What differs, in the order of `Grade`. No price ever goes: a hole leaves the last one."""
    return {
        grade: Change(old.get(grade), new[grade])
        for grade in Grade
        if grade in new and old.get(grade) != new[grade]
    }
