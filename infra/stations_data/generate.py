"""Make stations: the same ones for the same number and seed.

A city gets stations by its people; they lie around its centre as a bell, wider for a larger city, so the
middle is dense and the country around thin. Names, numbers and prices are made up.
"""

import csv
import json
import math
import random
from collections.abc import Iterator
from typing import TextIO

from stations_data.cities import City, cities

COLUMNS = (
    *("station_id", "name", "address", "province", "city", "brand", "lat", "lon", "grades"),
    *("pictures", "sub_merchant", "phone", "hours", "offsets", "state"),
)
BRANDS = (
    ("SINOPEC", "中国石化", 42),
    ("PETROCHINA", "中国石油", 30),
    ("CNOOC", "中国海油", 5),
    ("OTHER", "民营", 23),
)
ROADS = (
    "人民路",
    "解放路",
    "建设路",
    "中山路",
    "迎宾大道",
    "环城南路",
    "环城北路",
    "滨河路",
    "工业大道",
    "机场路",
)
KM_PER_DEGREE = 111.2
SPREAD_KM = 0.62
"""Times the square root of a city's people (in tens of thousands): 28 km for Beijing, 6 for a million."""
SHARES = {"98": 0.45, "0": 0.8, "offset": 0.3, "picture": 0.7, "sub_merchant": 0.9, "always": 0.7}
"""How many stations have it."""

Station = dict[str, str]


def stations(number: int, seed: str) -> Iterator[Station]:
    """Make so many stations, each at a place of its own."""
    source = random.Random(seed)  # noqa: S311 the same stations for the same seed
    known = cities()
    weights = [city.people for city in known]
    squares: set[tuple[int, int]] = set()
    for count in range(1, number + 1):
        [city] = source.choices(known, weights)
        lat, lon = _place(source, city)
        while (square := (math.floor(lat * 10_000), math.floor(lon * 10_000))) in squares:
            lat, lon = _place(source, city)
        squares.add(square)
        yield _station(source, count, city, lat, lon)


def _place(source: random.Random, city: City) -> tuple[float, float]:
    spread = SPREAD_KM * math.sqrt(city.people) / KM_PER_DEGREE
    lat = source.gauss(city.lat, spread)
    return lat, source.gauss(city.lon, spread / math.cos(math.radians(city.lat)))


def _station(source: random.Random, count: int, city: City, lat: float, lon: float) -> Station:
    [(brand, chinese, _)] = source.choices(BRANDS, [share for *_, share in BRANDS])
    road = source.choice(ROADS)
    grades = ["92", "95", *(grade for grade in ("98", "0") if _has(source, grade))]
    offsets = [f"{grade}={-5 * source.randrange(1, 9)}" for grade in grades[:2] if _has(source, "offset")]
    station_id = f"S{count:06d}"
    return {
        "station_id": station_id,
        "name": f"{chinese}{city.name}{road}第{source.randrange(1, 60)}加油站",
        "address": f"{city.name}市{road}{source.randrange(1, 2000)}号",
        "province": city.province,
        "city": city.name,
        "brand": brand,
        "lat": f"{lat:.6f}",
        "lon": f"{lon:.6f}",
        "grades": " ".join(grades),
        "pictures": f"stations/{station_id}/1.jpg" if _has(source, "picture") else "",
        "sub_merchant": f"16{source.randrange(10**8):08d}" if _has(source, "sub_merchant") else "",
        "phone": f"0{source.randrange(20, 999)}-{source.randrange(2_000_000, 8_999_999)}",
        "hours": "00:00-24:00" if _has(source, "always") else "06:00-22:00",
        "offsets": " ".join(offsets),
        "state": "",
    }


def _has(source: random.Random, what: str) -> bool:
    return source.random() < SHARES[what]


def write_csv(number: int, seed: str, out: TextIO) -> None:
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(stations(number, seed))


def write_geojson(number: int, seed: str, out: TextIO) -> None:
    """A feature in each line."""
    out.write('{"type": "FeatureCollection", "features": [\n')
    for count, station in enumerate(stations(number, seed)):
        lat, lon = station.pop("lat"), station.pop("lon")
        point = {"type": "Point", "coordinates": [float(lon), float(lat)]}
        feature = {"type": "Feature", "geometry": point, "properties": station}
        out.write((",\n" if count else "") + json.dumps(feature, ensure_ascii=False))
    out.write("\n]}\n")
