"""The sources' client against the simulated publishers; configuration (ST2)."""

from typing import Any

import pytest
from unit.outside.carrier import BASE, START, Carrier, Clock, Said, Unplugged

from octane.kernel.provinces import NAMES, Province
from octane.prices.model import Grade
from octane.prices.ports import Silent
from octane.prices.sources import DEFAULT, HttpSource, PriceSourcesInvalidError, SourceConfig, read_sources
from simulators.prices.company import Prices

BJ = Province.BEIJING
CITY, LIST = read_sources(DEFAULT)


@pytest.fixture
def company() -> Prices:
    return Prices(Clock())


@pytest.fixture
def wire(company: Prices) -> Carrier:
    return Carrier(company)


def pulled(config: SourceConfig, wire: Any) -> Any:
    return HttpSource(config, BASE, wire, Clock()).pull()


@pytest.mark.parametrize("config", [CITY, LIST], ids=["city", "list"])
def test_both_publishers_tell_all_provinces(wire, company, config):
    found = pulled(config, wire)
    assert set(found) == set(Province)
    told = company.board.texts
    for province, reading in found.items():
        assert reading.odd == {}
        for grade, fen in reading.prices.items():
            assert f"{fen // 100}.{fen % 100:02d}" == told[NAMES[province]][grade.value]


def test_holes_odd_values_and_labels(wire, company):
    company.command("POST /settings", {"labels": True})
    company.command("POST /prices", {"province": "北京", "92": "", "95": "8.045"})
    reading = pulled(CITY, wire)[BJ]
    assert set(reading.prices) == {Grade.G89, Grade.DIESEL}
    assert set(reading.odd) == {Grade.G95}
    assert set(pulled(LIST, wire)[BJ].odd) == {Grade.G95}
    company.command("POST /drop", {"province": "北京"})
    assert BJ not in pulled(LIST, wire)


def test_a_jump(wire, company):
    before = pulled(LIST, wire)[BJ].prices[Grade.G92]
    company.command("POST /jump", {"province": "北京", "percent": 20})
    assert pulled(LIST, wire)[BJ].prices[Grade.G92] == before * 120 // 100


@pytest.mark.parametrize(
    ("effect", "more", "why"),
    [
        ("status", {"status": 503}, "HTTP_503"),
        ("drop_before", {}, "NoAnswerError cut"),
        ("drop_after", {}, "NoAnswerError cut"),
        ("refuse", {"code": "10012"}, "error_code 10012"),
    ],
)
def test_a_publisher_that_is_unwell(wire, effect, more, why):
    wire.misbehave("city", effect, **more)
    assert pulled(CITY, wire) == Silent(why)
    assert isinstance(pulled(CITY, wire), dict)


@pytest.mark.parametrize("wire_", [Unplugged(), Said(b"<html>"), Said(b"{}", 302)])
def test_a_publisher_that_is_not_there(wire_):
    assert isinstance(pulled(LIST, wire_), Silent)


def test_each_province_has_one_source():
    provinces = [province for source in read_sources(DEFAULT) for province in source.provinces]
    assert sorted(provinces) == sorted(Province)


@pytest.mark.parametrize(
    "text",
    [
        "CITY /a BJ; LIST /b BJ", "CITY /a BJ BJ", "XML /a BJ", "CITY /a", "CITY", "CITY /a XX",
        "CITY ftp://a BJ", "CITY http://a BJ",
    ],
)  # fmt: skip
def test_configurations_that_are_none(text):
    with pytest.raises(PriceSourcesInvalidError):
        read_sources(text)


def test_a_source_with_a_place_of_its_own(wire):
    (config,) = read_sources("LIST https://prices.example/oil/prices?key=k BJ ;")
    source = HttpSource(config, BASE, wire, Clock(START))
    assert source.name == "LIST https://prices.example/oil/prices"
    assert BJ in source.pull()
    assert wire.calls[0].headers["host"] == "prices.example"
