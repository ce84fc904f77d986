"""The nearest stations: the same as if one looked at all of them, in three calls."""

import io
import math
import random
from collections.abc import Iterator

import pytest
from unit.stations.conftest import PEOPLES_SQUARE, START, House, csv_of, row

from octane.kernel.clock import MINUTE, later
from octane.stations import cells, importing
from octane.stations.model import DEGREE, Place, Station, StationNotFoundError
from octane.stations.nearest import Distance, Measured, get_station, nearest
from octane.stations.ports import Drive
from octane.stations.records import PRICES, station_key, station_of
from octane.store.writes import Absent, Delete, Exists, Put, any_of
from stations_data.cities import cities
from stations_data.generate import write_csv

HOUR = 60 * MINUTE


@pytest.fixture(scope="module")
def country() -> House:
    """Four thousand stations over the whole country."""
    house = House()
    out = io.StringIO()
    write_csv(4_000, "country", out)
    house.work.put("imports/stations/all.csv", out.getvalue().encode())
    importing.run_import(house, "imports/stations/all.csv", later(START, 10**9))
    return house


@pytest.fixture
def town(house: House) -> House:
    """Five stations, from the square eastwards, a kilometre each."""
    rows = (row(f"S{n}", "31.2304", f"{121.4737 + n * 0.0105:.6f}") for n in range(5))
    house.work.put("imports/stations/a.csv", csv_of(*rows))
    importing.run_import(house, "imports/stations/a.csv", later(START, 10**9))
    return house


def places(number: int) -> Iterator[Place]:
    source = random.Random("places")  # noqa: S311 the same ones in each run
    for city in source.choices(cities(), k=number):
        lat, lon = source.gauss(city.lat, 0.3), source.gauss(city.lon, 0.3)
        yield Place(round(lat * DEGREE), round(lon * DEGREE))


def by_looking_at_all(stations: list[Station], place: Place, limit: int, grade: str = "") -> list[float]:
    """Plain spherical trigonometry over every station: no cell, no haversine. Metres."""

    def metres(station: Station) -> float:
        lat, lon, to_lat, to_lon = (math.radians(part / DEGREE) for part in (*place, *station.place))
        along = math.cos(lat) * math.cos(to_lat) * math.cos(lon - to_lon)
        return cells.EARTH_M * math.acos(min(1.0, math.sin(lat) * math.sin(to_lat) + along))

    selling = (station for station in stations if not grade or grade in station.grades)
    return sorted(far for far in map(metres, selling) if far <= 50_000)[:limit]


@pytest.mark.parametrize(("limit", "grade"), [(1, ""), (10, ""), (20, ""), (5, "98")])
def test_it_finds_what_looking_at_all_stations_finds(country: House, limit: int, grade: str) -> None:
    stations = [station_of(item) for item in country.items("STATION#").values()]

    for place in places(60):
        with country.meter.operation("nearest") as usage:
            usage.calls = 0
            offers = nearest(country, place, limit, grade)

        expected = by_looking_at_all(stations, place, limit, grade)
        found = [offer.distance.metres for offer in offers if offer.distance][: len(expected)]
        assert found == pytest.approx(expected, abs=2)
        assert usage.calls <= 3


def test_nothing_is_ever_scanned_or_queried(country: House) -> None:
    country.meter.reset()

    for place in places(50):
        nearest(country, place, 10)

    assert {call for usage in country.meter.totals.values() for call in usage.by_call} == {"batch_get"}


def test_a_cell_is_far_below_its_limit(country: House) -> None:
    """What the densest city has in one far cell, at fifteen times as many stations: 60,000."""
    most = max(len(str(item["stations"]).encode()) for item in country.items("CELL#").values())

    assert most * 15 < 100_000


def test_the_road_decides_the_order(town: House) -> None:
    stations = {pk: station_of(item) for pk, item in town.items("STATION#").items()}
    where = {station.station_id: station.place for station in stations.values()}
    town.driving_map.roads = {
        where["S0"]: Drive(9_000, 900), where["S1"]: Drive(2_000, 200), where["S2"]: Drive(3_000, 300),
        where["S3"]: None, where["S4"]: Drive(1_000, 100),
    }  # fmt: skip

    offers = nearest(town, PEOPLES_SQUARE, 5)

    assert [offer.station.station_id for offer in offers] == ["S4", "S1", "S2", "S0", "S3"]
    assert offers[0].distance == Distance(1_000, Measured.DRIVING, 100)
    assert offers[4].distance == Distance(2_995, Measured.STRAIGHT), "no road leads there"
    assert [len(asked) for asked in town.driving_map.asked] == [5]


def test_a_silent_map_leaves_the_way_through_the_air_and_says_so(town: House) -> None:
    offers = nearest(town, PEOPLES_SQUARE, 3)

    assert [offer.station.station_id for offer in offers] == ["S0", "S1", "S2"]
    assert {offer.distance.measured for offer in offers if offer.distance} == {Measured.STRAIGHT}


def test_prices_are_the_provinces_with_the_stations_own_offset_and_their_age(house: House) -> None:
    file = csv_of(row("S1", "31.2304", "121.4737", grades="92 95 98", offsets="92=-15"))
    house.work.put("imports/stations/a.csv", file)
    importing.run_import(house, "imports/stations/a.csv", later(START, 10**9))
    heard = later(START, -5 * HOUR - MINUTE)
    prices = {"92": {"fen": 755, "as_of": START}, "95": {"fen": 803, "as_of": heard}, "98": "odd"}
    item = {"provinces": {"SH": {"version": 3, "prices": prices}, "BJ": None}}
    house.store.commit(Put(PRICES, item, when=Absent()))

    offer = get_station(house, "S1")

    assert [tuple(price) for price in offer.prices] == [
        ("92", 740, START, 0, False),
        ("95", 803, heard, 5, True),
    ]
    assert offer.distance is None


def test_the_prices_are_read_along_once_in_a_minute(town: House) -> None:
    def fen() -> list[int]:
        return [price.fen_per_litre for price in get_station(town, "S0").prices]

    def post(fen: int) -> None:
        prices = {"92": {"fen": fen, "as_of": START}}
        item = {"provinces": {"SH": {"prices": prices}}}
        town.store.commit(Put(PRICES, item, when=any_of(Absent(), Exists())))

    post(755)
    assert fen() == [755]
    post(760)
    town.clock.at = later(START, MINUTE - 1)
    assert fen() == [755]
    town.clock.at = later(START, MINUTE)
    assert fen() == [760]


def test_where_nothing_is_near_there_is_an_empty_list_after_two_calls(town: House) -> None:
    for place in (Place(0, 0), Place(90 * DEGREE, 180 * DEGREE), Place(-90 * DEGREE, -180 * DEGREE)):
        town.engine.calls = 0

        assert nearest(town, place, 10) == []

        assert town.engine.calls == 2


def test_a_station_that_goes_between_the_reads_is_left_out(town: House) -> None:
    town.store.commit(Delete(station_key("S0"), when=Exists()))

    assert [offer.station.station_id for offer in nearest(town, PEOPLES_SQUARE, 2)] == ["S1"]
    with pytest.raises(StationNotFoundError):
        get_station(town, "S0")
