"""Roads of its own: how far it is between two places by car. Nothing random: the same pair, the same way."""

import hashlib
import math
import re
from typing import NamedTuple

EARTH_M = 6_371_000
LEAST_DETOUR, MORE_DETOUR = 1.15, 0.6
"""A way is 1.15 to 1.75 times the straight line, as the pair will have it."""
METRES_PER_SECOND = 9.0
POINT = re.compile(r"(-?\d{1,3}(?:\.\d+)?),(-?\d{1,3}(?:\.\d+)?)(?:,\d{1,3})?")
MOST_LAT, MOST_LON = 90, 180


class Point(NamedTuple):
    lat: float
    lng: float


class Way(NamedTuple):
    metres: int
    seconds: int


def points(text: str) -> list[Point]:
    """Read `lat,lng;lat,lng`; raise `ValueError`."""
    found = []
    for part in text.split(";"):
        match = POINT.fullmatch(part)
        if match is None or abs(float(match[1])) > MOST_LAT or abs(float(match[2])) > MOST_LON:
            raise ValueError(part)
        found.append(Point(float(match[1]), float(match[2])))
    return found


def way(start: Point, end: Point) -> Way:
    lat, lng, to_lat, to_lng = map(math.radians, (*start, *end))
    cosine = math.sin(lat) * math.sin(to_lat) + math.cos(lat) * math.cos(to_lat) * math.cos(to_lng - lng)
    straight = EARTH_M * math.acos(max(-1.0, min(1.0, cosine)))
    # a town's roads: which of two near stations is the shorter way, the pair decides
    digest = hashlib.sha256(f"{start.lat:.3f},{start.lng:.3f};{end.lat:.5f},{end.lng:.5f}".encode()).digest()
    metres = round(straight * (LEAST_DETOUR + MORE_DETOUR * digest[0] / 255))
    return Way(metres, round(metres / METRES_PER_SECOND))
