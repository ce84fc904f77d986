"""Stations by place: cells of h3's grid, each holding the stations in it, packed (ST1).

A station is in two cells: a near one (resolution 5, some 250 km²) and a far one (resolution 4, seven times
as large). A question reads the near cell it falls in and the six around it; where they hold too few, the far
cells around are one more read. So no question reads the table, and no key is hot beyond its neighbourhood.

A cell's text has a line for each station, in the order of their ids:

    station_id TAB lat TAB lon TAB grades TAB offsets TAB province TAB name
"""

import heapq
import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import h3

from octane.kernel.provinces import Province
from octane.stations.model import DEGREE, Place, Station
from octane.stations.records import cell_key
from octane.store.items import Item, Key

NEAR, FAR = 5, 4
"""Resolutions of h3."""
NEAR_CERTAIN_M, FAR_CERTAIN_M = 7_000, 20_000
"""Whoever asks, every station this near is in the seven near, or far, cells: the least that was found over
China is 7,456 m and 20,200 m, for a point at the corner of its cell."""
MOST_IN_CELL = 1_000
"""Some 70 bytes each: a cell stays far below 100 KB. No 250 km² of any city hold so many; of a far cell that
does, every so many are left out evenly, by id."""
EARTH_M = 6_371_008.8
TO_RADIANS = math.pi / 180 / DEGREE


class NearStation(NamedTuple):
    """What a cell tells of a station, and how far through the air it is."""

    metres: int
    station_id: str
    lat: int
    lon: int
    grades: tuple[str, ...]
    offsets: Mapping[str, int]
    province: Province
    name: str

    @property
    def place(self) -> Place:
        return Place(self.lat, self.lon)


def near_cell(place: Place) -> str:
    return _cell(place, NEAR)


def far_cell(place: Place) -> str:
    return _cell(place, FAR)


def cells_around(lat: float, lon: float) -> list[Key]:
    """The seven cells to read first, one BatchGet. Degrees."""
    return [cell_key(cell) for cell in h3.grid_disk(h3.latlng_to_cell(lat, lon, NEAR), 1)]


def cells_farther(lat: float, lon: float, near: list[NearStation], limit: int) -> list[Key]:
    """The cells to read when those around hold too few (`near`): nothing when they told the nearest `limit`
    for certain; seven far cells; or 19, which have all within 54 km, at least."""
    most = near[limit - 1].metres if len(near) >= limit else None
    if most is not None and most <= NEAR_CERTAIN_M:
        return []
    ring = 1 if most is not None and most <= FAR_CERTAIN_M else 2
    return [cell_key(cell) for cell in h3.grid_disk(h3.latlng_to_cell(lat, lon, FAR), ring)]


def stations_in(
    items: Iterable[Item], lat: float, lon: float, limit: int, grade: str = ""
) -> list[NearStation]:
    """The nearest stations to a place (degrees) that these cells know, through the air, each once; of equals
    the lower id first.

    `grade`: only those that sell it.
    """
    north, east = math.radians(lat), math.radians(lon)
    cosine = math.cos(north)
    found: dict[str, tuple[int, str]] = {}
    for item in items:
        text = str(item["stations"])
        for line in text.split("\n") if text else ():
            station_id, its_lat, its_lon, grades, _ = line.split("\t", 4)
            if not grade or grade in grades.split():
                found[station_id] = _metres(north, east, cosine, int(its_lat), int(its_lon)), line
    return [_near_station(metres, line) for metres, line in heapq.nsmallest(limit, found.values())]


def _near_station(metres: int, line: str) -> NearStation:
    station_id, lat, lon, grades, offsets, province, name = line.split("\t")
    own = {grade: int(fen) for grade, _, fen in (each.partition("=") for each in offsets.split())}
    place = int(lat), int(lon)
    return NearStation(metres, station_id, *place, tuple(grades.split()), own, Province(province), name)


def line_of(station: Station) -> str:
    parts = (station.station_id, str(station.lat), str(station.lon), " ".join(station.grades))
    offsets = " ".join(f"{grade}={fen}" for grade, fen in sorted(station.offsets.items()))
    return "\t".join((*parts, offsets, station.province.value, station.name))


def lines_of(item: Item) -> dict[str, str]:
    """A cell's lines by station id."""
    text = str(item["stations"])
    return {line.partition("\t")[0]: line for line in text.split("\n")} if text else {}


def place_of(line: str) -> Place:
    _, lat, lon, *_ = line.split("\t")
    return Place(int(lat), int(lon))


def packed(lines: Mapping[str, str]) -> str:
    """The text of a cell."""
    ids = sorted(lines)
    if len(ids) > MOST_IN_CELL:
        ids = [ids[number * len(ids) // MOST_IN_CELL] for number in range(MOST_IN_CELL)]
    return "\n".join(lines[station_id] for station_id in ids)


def _metres(north: float, east: float, cosine: float, lat: int, lon: int) -> int:
    """Haversine, in metres rounded down, from radians and the cosine of the first to millionths."""
    to_north = lat * TO_RADIANS
    half_north, half_east = math.sin((to_north - north) / 2), math.sin((lon * TO_RADIANS - east) / 2)
    chord = half_north * half_north + cosine * math.cos(to_north) * half_east * half_east
    return int(2 * EARTH_M * math.asin(math.sqrt(min(1.0, chord))))


def _cell(place: Place, resolution: int) -> str:
    cell: str = h3.latlng_to_cell(place.lat / DEGREE, place.lon / DEGREE, resolution)
    return cell
