"""The two formats of prices: read exactly, holes and odd values told apart (ST2)."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octane.kernel.provinces import NAMES, Province, province_named
from octane.prices.formats import AnswerUnreadableError, Format, read_answer
from octane.prices.model import Grade, Reading

TODAY = date(2026, 11, 22)
BJ = Province.BEIJING


def city(*rows: object, code: object = 0) -> bytes:
    return json.dumps({"reason": "success", "error_code": code, "result": rows}).encode()


def listed(*rows: object) -> bytes:
    return json.dumps({"data": {"list": rows}}).encode()


def of_city(**fields: object) -> Reading:
    return read_answer(Format.CITY, city({"city": "北京", **fields}), TODAY)[BJ]


def of_list(**fields: object) -> Reading:
    row = {
        "date": "2026-11-20",
        "province": "北京",
        **{f"{name[1:]}h": text for name, text in fields.items()},
    }
    return read_answer(Format.LIST, listed(row), TODAY)[BJ]


def test_the_city_format():
    found = of_city(b90="7.10", b93="92号:7.55", b97="8.04", b0="-")
    assert found.prices == {Grade.G89: 710, Grade.G92: 755, Grade.G95: 804}
    assert found.odd == {}


def test_the_list_format():
    found = of_list(b0="7.18", b89="", b92="7.55", b95="8.04", b98="9.05")
    assert found.prices == {Grade.DIESEL: 718, Grade.G92: 755, Grade.G95: 804, Grade.G98: 905}
    assert found.odd == {}


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("7.55", 755), ("7.5", 750), ("7", 700), (" 7.55 ", 755), ("92号:7.55", 755), ("92#:7.55", 755),
        ("92号：7.55", 755), (7, 700),
    ],
)  # fmt: skip
def test_how_a_price_may_be_written(text, fen):
    assert of_list(b92=text).prices == {Grade.G92: fen}


def test_a_number_of_json_is_read_exactly():
    body = '{"data":{"list":[{"date":"2026-11-20","province":"北京","92h":7.55,"95h":8.05,"98h":9.055}]}}'
    found = read_answer(Format.LIST, body.encode(), TODAY)[BJ]
    assert found == Reading({Grade.G92: 755, Grade.G95: 805}, {Grade.G98: "9.055"})


@pytest.mark.parametrize("hole", ["", "-", "--", " ", None])
def test_a_hole_is_no_price_and_not_odd(hole):
    assert of_list(b92=hole) == of_city(b93=hole) == Reading({}, {})


@pytest.mark.parametrize(
    "text",
    [
        "7.555", "7.550", "-7.55", "+7.55", "7,55", "7.55元", "七", "NaN", "1e1", "92号", "92号:",
        "93号:7.55", "92号:-", "7.", ".5", "1234.5", True, [], {}, ["7.55"], "٧.٥٥",
    ],
)  # fmt: skip
def test_what_is_no_price_is_odd(text):
    found = of_list(b92=text)
    assert found.prices == {}
    assert set(found.odd) == {Grade.G92}


def test_a_value_that_names_its_grade_is_that_grades():
    assert of_city(b90="92号:7.55").prices == {Grade.G92: 755}
    assert of_city(b90="92号:7.55", b93="7.55").prices == {Grade.G92: 755}
    differing = of_city(b90="92号:7.55", b93="7.56", b0="7.18")
    assert differing.prices == {Grade.DIESEL: 718}
    assert set(differing.odd) == {Grade.G92}


def test_of_several_days_the_newest_that_has_come_counts():
    rows = [
        {"date": day, "province": "北京", "92h": text}
        for day, text in (("2026-11-01", "7.40"), ("2026-11-20", "7.55"), ("2026-11-10", "7.50"),
                          ("2026-11-23", "9.99"), ("no day", "1.00"))
    ]  # fmt: skip
    assert read_answer(Format.LIST, listed(*rows), TODAY)[BJ].prices == {Grade.G92: 755}


def test_two_rows_that_differ_are_believed_in_nothing_that_differs():
    row = {"date": "2026-11-20", "province": "北京"}
    twice = listed({**row, "92h": "7.55", "95h": "8.04"}, {**row, "92h": "7.56", "95h": "8.04"})
    assert read_answer(Format.LIST, twice, TODAY)[BJ] == Reading({Grade.G95: 804}, {Grade.G92: "two prices"})
    same = city({"city": "北京", "b93": "7.55"}, {"city": "北京市", "b93": "7.56"})
    assert read_answer(Format.CITY, same, TODAY)[BJ].prices == {}


def test_places_that_are_no_province_are_passed_over():
    rows = [{"city": name, "b93": "7.55"} for name in ("吉林市", "深圳", "", "北京 ", "台湾")]
    assert set(read_answer(Format.CITY, city(*rows, 7, None), TODAY)) == {BJ}


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html>", b"[]", b"7", b"\xff", b'{"error_code":10012,"result":null}', b'{"error_code":0}',
        b'{"error_code":0,"result":{}}', b'{"result":[]}', b'{"error_code":false,"result":[]}', b"[" * 50_000,
        b'{"error_code":NaN}', b'{"error_code":' + b"9" * 5_000 + b"}",
    ],
)  # fmt: skip
def test_what_is_no_answer(body):
    with pytest.raises(AnswerUnreadableError):
        read_answer(Format.CITY, body, TODAY)


@pytest.mark.parametrize("body", [b"{}", b'{"data":[]}', b'{"data":{}}', b'{"data":{"list":null}}'])
def test_what_is_no_list(body):
    with pytest.raises(AnswerUnreadableError):
        read_answer(Format.LIST, body, TODAY)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.just("7.55"),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(
        ["data", "list", "result", "error_code", "city", "province", "date", "92h", "b93", "北京"]), inner),
    max_leaves=20,
)  # fmt: skip


@given(JSON, st.sampled_from(Format))
def test_whatever_comes_is_read_or_refused(answer, form):
    try:
        found = read_answer(form, json.dumps(answer).encode(), TODAY)
    except AnswerUnreadableError:
        return
    for reading in found.values():
        assert all(isinstance(fen, int) for fen in reading.prices.values())
        assert not reading.prices.keys() & reading.odd.keys()


def test_provinces_by_name():
    assert len(Province) == 31
    assert all(province_named(name) is province for province, name in NAMES.items())
    for name in ("北京市", "广西壮族自治区", "新疆维吾尔自治区", "内蒙古自治区", "广东省"):
        assert province_named(name) is not None
    assert province_named("北京省") is None
