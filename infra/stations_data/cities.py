"""Cities of China: `cities.csv` has their centres, in degrees to two decimals (some kilometre), and the
people of their urban area, roughly, in tens of thousands: what makes a city's share of stations."""

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple


class City(NamedTuple):
    province: str
    name: str
    lat: float
    lon: float
    people: int


@cache
def cities() -> tuple[City, ...]:
    with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            City(row["province"], row["name"], float(row["lat"]), float(row["lon"]), int(row["people"]))
            for row in csv.DictReader(file)
        )
