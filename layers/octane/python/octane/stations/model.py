"""What a station is (ST1, ST3): where it stands, what it sells, and who takes its money.

Coordinates are whole millionths of a degree in GCJ-02, the system that maps and phones in China use: a float
never reaches a table.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from octane.kernel.clock import Instant
from octane.kernel.errors import InputError, NotFoundError
from octane.kernel.provinces import Province

DEGREE = 1_000_000
"""Millionths of a degree."""
MOST_LAT, MOST_LON = 90 * DEGREE, 180 * DEGREE
DEGREES = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{1,12})?")
GRADES = ("89", "92", "95", "98", "0")
"""Petrol by its octane number, and diesel."""


class CoordinatesInvalidError(InputError):
    code = "COORDINATES_INVALID"
    summary = "Latitude is -90 to 90 and longitude -180 to 180, in degrees as decimal numbers."


class StationNotFoundError(NotFoundError):
    code = "STATION_NOT_FOUND"
    summary = "There is no such station."


class Place(NamedTuple):
    """A point on earth, in millionths of a degree."""

    lat: int
    lon: int


class Station(NamedTuple):
    station_id: str
    name: str
    address: str
    province: Province
    city: str
    brand: str
    lat: int
    lon: int
    grades: tuple[str, ...]
    """What it sells, of `GRADES`."""
    pictures: tuple[str, ...]
    """Addresses (https) or keys under the site's picture folder."""
    sub_merchant: str
    """Who takes the money of an order at this station (ST3); empty: the platform itself."""
    phone: str
    hours: str
    """`06:00-22:00`; `00:00-24:00` is always open."""
    offsets: Mapping[str, int]
    """By grade: what a litre costs here over its province's price, in fen; may be negative."""
    closed: bool = False
    """Closed for good: found by its id, not by place."""
    as_of: Instant = Instant(0)
    """When the newest file was uploaded that says so."""
    version: int = 1

    @property
    def place(self) -> Place:
        return Place(self.lat, self.lon)


def parse_place(lat: str, lon: str) -> Place:
    """Read degrees; raise `CoordinatesInvalidError`.

    >>> parse_place("31.2304", "121.4737")
    Place(lat=31230400, lon=121473700)
    """
    place = Place(_millionths(lat), _millionths(lon))
    if abs(place.lat) > MOST_LAT or abs(place.lon) > MOST_LON:
        raise CoordinatesInvalidError
    return place


def degrees(millionths: int) -> str:
    """Write a coordinate as a map does: `31.230400`."""
    sign, size = ("-", -millionths) if millionths < 0 else ("", millionths)
    return f"{sign}{size // DEGREE}.{size % DEGREE:06d}"


def _millionths(text: str) -> int:
    if not DEGREES.fullmatch(text):
        raise CoordinatesInvalidError
    return int((Decimal(text) * DEGREE).to_integral_value())
