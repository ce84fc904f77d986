"""One row of a file as a station, or the rule that it breaks (ST1)."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from octane.kernel.provinces import province_named
from octane.stations.files import RawRow
from octane.stations.model import GRADES, CoordinatesInvalidError, Place, Station, parse_place

ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
WORDS = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff<>]*")
SUB_MERCHANT = re.compile(r"(?:[0-9]{8,32})?")
PHONE = re.compile(r"(?:\+?[0-9][0-9 -]{4,19})?")
HOURS = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]-(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)")
PICTURE = re.compile(
    r"https://[a-z0-9.-]{4,253}(?::[0-9]{1,5})?/[\x21-\x7e]{1,500}|[A-Za-z0-9_-][A-Za-z0-9_./-]{0,199}"
)
MOST_NAME, MOST_ADDRESS, MOST_PICTURES = 64, 128, 8
MOST_OFFSET = 500
"""Fen a litre, either way."""
ALWAYS = "00:00-24:00"
CHINA = (Place(3_500_000, 73_400_000), Place(53_700_000, 135_200_000))
"""The corners of the country."""
SAME_PLACE = 100
"""Two stations in the same square of a ten-thousandth of a degree (some eleven metres) are one."""
STATES = {"": False, "OPEN": False, "CLOSED": True}


class RowRule(StrEnum):
    """Why a row stays out."""

    TORN = "TORN"
    """It has other cells than the head, or is no point."""
    STATION_ID = "STATION_ID"
    NAME = "NAME"
    ADDRESS = "ADDRESS"
    """Address, city or brand."""
    PROVINCE = "PROVINCE"
    COORDINATES = "COORDINATES"
    """No coordinates on earth, or exactly 0, 0."""
    OUTSIDE = "OUTSIDE"
    """Not in the country; latitude and longitude are often the wrong way round."""
    GRADES = "GRADES"
    PICTURES = "PICTURES"
    SUB_MERCHANT = "SUB_MERCHANT"
    PHONE = "PHONE"
    HOURS = "HOURS"
    OFFSETS = "OFFSETS"
    STATE = "STATE"
    DUPLICATE_ID = "DUPLICATE_ID"
    """Another row of the file has this station; the first stays."""
    DUPLICATE_PLACE = "DUPLICATE_PLACE"
    """Another station stands there, by this file or by an earlier one."""
    CELL_FULL = "CELL_FULL"
    """So many stations are near that one more would not be found (`octane.stations.cells`)."""


class Fault(NamedTuple):
    line: int
    rule: RowRule
    detail: str
    """The value, or the other place; short."""


class Row(NamedTuple):
    line: int
    station: Station


class BrokenRowError(Exception):
    def __init__(self, rule: RowRule, detail: str = "") -> None:
        super().__init__(rule, detail)
        self.rule = rule
        self.detail = detail[:64].encode(errors="replace").decode()  # JSON can tell half a surrogate pair


def judged(rows: Iterable[RawRow]) -> tuple[list[Row], list[Fault]]:
    """The good rows and what is wrong with the others, in the order of the file."""
    good: list[Row] = []
    faults: list[Fault] = []
    ids: dict[str, int] = {}
    squares: dict[Place, int] = {}
    for raw in rows:
        try:
            station = station_in(raw)
            square = None if station.closed else square_of(station.place)
            if station.station_id in ids:
                raise BrokenRowError(RowRule.DUPLICATE_ID, f"line {ids[station.station_id]}")
            if square in squares:
                raise BrokenRowError(RowRule.DUPLICATE_PLACE, f"line {squares[square]}")
        except BrokenRowError as broken:
            faults.append(Fault(raw.line, broken.rule, broken.detail))
            continue
        ids[station.station_id] = raw.line
        if square:
            squares[square] = raw.line
        good.append(Row(raw.line, station))
    return good, faults


def square_of(place: Place) -> Place:
    return Place(place.lat // SAME_PLACE, place.lon // SAME_PLACE)


def station_in(raw: RawRow) -> Station:
    """Read one row; raise `BrokenRowError` with the first rule that it breaks."""
    if raw.torn:
        raise BrokenRowError(RowRule.TORN)
    given = {name: value.strip() for name, value in raw.fields.items()}

    def text(name: str, rule: RowRule, pattern: re.Pattern[str], most: int, default: str = "") -> str:
        value = given.get(name) or default
        if len(value) > most or not pattern.fullmatch(value):
            raise BrokenRowError(rule, value)
        return value

    station_id = text("station_id", RowRule.STATION_ID, ID, 32)
    name = text("name", RowRule.NAME, WORDS, MOST_NAME)
    if not name:
        raise BrokenRowError(RowRule.NAME)
    province = province_named(given.get("province", ""))
    if province is None:
        raise BrokenRowError(RowRule.PROVINCE, given.get("province", ""))
    place = _place(given)
    grades = _grades(given)
    if given.get("state", "") not in STATES:
        raise BrokenRowError(RowRule.STATE, given["state"])
    return Station(
        station_id=station_id,
        name=name,
        address=text("address", RowRule.ADDRESS, WORDS, MOST_ADDRESS),
        province=province,
        city=text("city", RowRule.ADDRESS, WORDS, MOST_NAME),
        brand=text("brand", RowRule.ADDRESS, WORDS, MOST_NAME),
        lat=place.lat,
        lon=place.lon,
        grades=grades,
        pictures=_pictures(given),
        sub_merchant=text("sub_merchant", RowRule.SUB_MERCHANT, SUB_MERCHANT, 32),
        phone=text("phone", RowRule.PHONE, PHONE, 20),
        hours=text("hours", RowRule.HOURS, HOURS, 11, ALWAYS),
        offsets=_offsets(given, grades),
        closed=STATES[given.get("state", "")],
    )


def _place(given: Mapping[str, str]) -> Place:
    told = f"{given.get('lat', '')},{given.get('lon', '')}"
    try:
        place = parse_place(given.get("lat", ""), given.get("lon", ""))
    except CoordinatesInvalidError:
        raise BrokenRowError(RowRule.COORDINATES, told) from None
    if place == (0, 0):
        raise BrokenRowError(RowRule.COORDINATES, told)
    south_west, north_east = CHINA
    if not (south_west.lat <= place.lat <= north_east.lat and south_west.lon <= place.lon <= north_east.lon):
        raise BrokenRowError(RowRule.OUTSIDE, told)
    return place


def _grades(given: Mapping[str, str]) -> tuple[str, ...]:
    grades = tuple(given.get("grades", "").split())
    if not grades or len(set(grades)) != len(grades) or not set(grades) <= set(GRADES):
        raise BrokenRowError(RowRule.GRADES, given.get("grades", ""))
    return grades


def _pictures(given: Mapping[str, str]) -> tuple[str, ...]:
    pictures = tuple(given.get("pictures", "").split())
    for picture in pictures[: MOST_PICTURES + 1]:
        if len(pictures) > MOST_PICTURES or ".." in picture or not PICTURE.fullmatch(picture):
            raise BrokenRowError(RowRule.PICTURES, picture)
    return pictures


def _offsets(given: Mapping[str, str], grades: tuple[str, ...]) -> dict[str, int]:
    """`92=-10 95=0`: of grades that it sells, in fen a litre."""
    found: dict[str, int] = {}
    for part in given.get("offsets", "").split():
        grade, _, fen = part.partition("=")
        if grade not in grades or grade in found or not re.fullmatch(r"-?[0-9]{1,3}", fen):
            raise BrokenRowError(RowRule.OFFSETS, part)
        found[grade] = int(fen)
        if abs(found[grade]) > MOST_OFFSET:
            raise BrokenRowError(RowRule.OFFSETS, part)
    return found
