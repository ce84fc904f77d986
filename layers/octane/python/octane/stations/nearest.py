"""The stations nearest to a place, by road, and one station: what a customer sees of them (ST1).

Two or three calls of AWS, however many stations there are: the cells around (a second time where they hold
too few), then the stations that are shown, with the prices, in one BatchGet.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from octane.stations.cells import NearStation, cells_around, cells_farther, stations_in
from octane.stations.model import DEGREE, Place, Station, StationNotFoundError
from octane.stations.ports import Drive, DrivingMap, StationDeps
from octane.stations.posted import PostedPrice
from octane.stations.records import PRICES, station_key, station_of

CANDIDATES = 40
"""So many of the nearest through the air are asked about by road: a river makes the first the last."""
MOST = 20


class Measured(StrEnum):
    DRIVING = "DRIVING"
    STRAIGHT = "STRAIGHT"
    """Through the air: the map did not answer, or knows no road."""


class Distance(NamedTuple):
    metres: int
    measured: Measured
    seconds: int | None = None
    """How long the drive takes; None where it is not known."""


class Offer(NamedTuple):
    """A station as it is now."""

    station: Station
    prices: tuple[PostedPrice, ...]
    distance: Distance | None = None


def nearest(deps: StationDeps, place: Place, limit: int, grade: str = "") -> list[Offer]:
    """The nearest open stations by road, at most `limit` (1 to 20), within some fifty kilometres.

    Where the map is silent the distances are those through the air, and say so.
    """
    near = _near(deps, place, limit, grade)
    ranked = ranked_by_road(deps.driving_map, place, near)[:limit] if near else []
    found = _read(deps, [station_id for station_id, _ in ranked])
    # a station may go between the two reads
    return [
        _offer(deps, found[station_id], distance) for station_id, distance in ranked if station_id in found
    ]


def get_station(deps: StationDeps, station_id: str) -> Offer:
    """One station with its prices; raise `StationNotFoundError`."""
    found = _read(deps, [station_id])
    if station_id not in found:
        raise StationNotFoundError
    return _offer(deps, found[station_id])


def ranked_by_road(
    driving_map: DrivingMap, place: Place, near: Sequence[NearStation]
) -> list[tuple[str, Distance]]:
    """Station ids, the shortest way first. What no road is known to has its place by the way through the air,
    behind all that can be driven to; when the map is silent, all have."""
    drives = driving_map.drives(place, [station.place for station in near]) or [None] * len(near)
    pairs = [
        (station.station_id, _distance(station, drive)) for station, drive in zip(near, drives, strict=True)
    ]
    return sorted(pairs, key=lambda pair: (pair[1].measured, pair[1].metres, pair[0]))


def _distance(station: NearStation, drive: Drive | None) -> Distance:
    if drive is None:
        return Distance(station.metres, Measured.STRAIGHT)
    return Distance(drive.metres, Measured.DRIVING, drive.seconds)


def _near(deps: StationDeps, place: Place, limit: int, grade: str) -> list[NearStation]:
    at = place.lat / DEGREE, place.lon / DEGREE
    items = deps.store.batch_get(cells_around(*at))
    near = stations_in(items, *at, CANDIDATES, grade)
    farther = cells_farther(*at, near, limit)
    if farther:
        items = [*items, *deps.store.batch_get(farther)]
        near = stations_in(items, *at, CANDIDATES, grade)
    return near


def _offer(deps: StationDeps, station: Station, distance: Distance | None = None) -> Offer:
    return Offer(station, deps.posted.of(station, deps.settings.price_stale_ms), distance)


def _read(deps: StationDeps, station_ids: Sequence[str]) -> dict[str, Station]:
    """The stations by their ids, and the prices along with them; no call when nothing is asked for."""
    if not station_ids:
        return {}
    prices = deps.posted.to_read()
    items = deps.store.batch_get([*map(station_key, station_ids), *prices])
    found = {str(item["pk"]): item for item in items}
    if prices:
        deps.posted.take(found.pop(PRICES.pk, None))
    return {str(item["station_id"]): station_of(item) for item in found.values()}
