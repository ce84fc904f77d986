"""Other rooms read the item of all prices without importing the room that writes it: they agree here."""

from unit.prices.house import BJ, House

from octane.prices.model import Grade
from octane.prices.records import PRICES, prices_in
from octane.stations.model import Station
from octane.stations.posted import posted_prices
from octane.stations.records import PRICES as STATIONS_PRICES


def test_stations_read_what_prices_write(house: House):
    house.pull(b92=755, b95=804)
    heard = house.clock.at
    house.pull(b95=810)
    item = house.store.get(STATIONS_PRICES)
    station = Station(
        "S1", "n", "a", BJ, "c", "b", 0, 0, ("92", "95", "98"), (), "", "", "", {"95": -5}, False, 1
    )
    posted = posted_prices(station, item, house.clock.now(), 1)
    assert [(one.grade, one.fen_per_litre, one.as_of, one.stale) for one in posted] == [
        ("92", 755, heard, True),
        ("95", 805, house.clock.at, False),
    ]


def test_all_readers_read_one_item(house: House):
    assert PRICES == STATIONS_PRICES
    house.pull(b92=755)
    assert prices_in(house.store.get(PRICES))[BJ].prices[Grade.G92].fen == 755
