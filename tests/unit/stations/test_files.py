"""Rows of CSV and GeoJSON, and the rule that a bad one breaks."""

import json

import pytest
from unit.stations.conftest import csv_of, row

from octane.kernel.provinces import Province
from octane.stations.files import FileUnreadableError, raw_rows
from octane.stations.model import CoordinatesInvalidError, degrees, parse_place
from octane.stations.rows import Fault, RowRule, judged

GOOD = row(
    *("S1", "31.2304", "121.4737"),
    address="人民大道1号", city="上海", brand="SINOPEC", grades="92 95 0",
    pictures="https://a.example/1.jpg s/1.jpg",
    sub_merchant="1600000001", phone="021-5555 6666", hours="06:00-22:00", offsets="92=-10 0=5",
)  # fmt: skip


def feature(fields: dict[str, object], point: object = (121.4737, 31.2304)) -> dict[str, object]:
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": point}, "properties": fields}


def collection(*features: object) -> bytes:
    content = {"type": "FeatureCollection", "bbox": [1, 2], "features": features}
    return json.dumps(content, ensure_ascii=False, indent=1).encode()


def test_a_row_of_csv_and_a_feature_are_the_same_station() -> None:
    properties: dict[str, object] = {
        **{name: value for name, value in GOOD.items() if name not in {"lat", "lon"}},
        "grades": ["92", "95", "0"], "pictures": ["https://a.example/1.jpg", "s/1.jpg"],
        "offsets": {"92": -10, "0": 5}, "colour": "red",
    }  # fmt: skip

    (one,), none = judged(raw_rows("\ufeff".encode() + csv_of(GOOD)))
    (other,), nothing = judged(raw_rows(collection(feature(properties))))

    assert one.station == other.station
    assert (none, nothing) == ([], [])
    assert one.station.place == (31_230_400, 121_473_700)
    assert one.station.province is Province.SHANGHAI
    assert one.station.offsets == {"92": -10, "0": 5}


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"station_id": ""}, RowRule.STATION_ID),
        ({"station_id": "a#b"}, RowRule.STATION_ID),
        ({"name": ""}, RowRule.NAME),
        ({"name": "<b>"}, RowRule.NAME),
        ({"name": "x" * 65}, RowRule.NAME),
        ({"name": "a\u2028b"}, RowRule.NAME),
        ({"address": "x" * 129}, RowRule.ADDRESS),
        ({"province": "吉林市"}, RowRule.PROVINCE),
        ({"lat": "91"}, RowRule.COORDINATES),
        ({"lat": "NaN"}, RowRule.COORDINATES),
        ({"lat": "inf"}, RowRule.COORDINATES),
        ({"lat": ""}, RowRule.COORDINATES),
        ({"lat": "1e1"}, RowRule.COORDINATES),
        ({"lat": "31°13′"}, RowRule.COORDINATES),
        ({"lat": "9" * 400}, RowRule.COORDINATES),
        ({"lat": "0", "lon": "0"}, RowRule.COORDINATES),
        ({"lat": "-31.2304"}, RowRule.OUTSIDE),
        ({"lat": "52.52", "lon": "13.40"}, RowRule.OUTSIDE),
        ({"grades": ""}, RowRule.GRADES),
        ({"grades": "92 92"}, RowRule.GRADES),
        ({"grades": "97"}, RowRule.GRADES),
        ({"pictures": "http://a.example/1.jpg"}, RowRule.PICTURES),
        ({"pictures": "javascript:alert(1)"}, RowRule.PICTURES),
        ({"pictures": "a/../b"}, RowRule.PICTURES),
        ({"pictures": " ".join("abcdefghi")}, RowRule.PICTURES),
        ({"sub_merchant": "16x"}, RowRule.SUB_MERCHANT),
        ({"phone": "call me"}, RowRule.PHONE),
        ({"hours": "6-22"}, RowRule.HOURS),
        ({"hours": "24:00-25:00"}, RowRule.HOURS),
        ({"offsets": "98=1"}, RowRule.OFFSETS),
        ({"offsets": "92=1 92=2"}, RowRule.OFFSETS),
        ({"offsets": "92=0.5"}, RowRule.OFFSETS),
        ({"offsets": "92=999"}, RowRule.OFFSETS),
        ({"state": "AJAR"}, RowRule.STATE),
    ],
    ids=lambda value: value.value if isinstance(value, RowRule) else next(iter(value)),
)
def test_a_bad_row_is_named_by_line_and_rule_and_the_rest_goes_in(
    changed: dict[str, str], rule: RowRule
) -> None:
    file = csv_of(row("S0", "31.0", "121.0"), {**GOOD, **changed}, row("S9", "31.5", "121.5"))

    good, faults = judged(raw_rows(file))

    assert [one.station.station_id for one in good] == ["S0", "S9"]
    assert [(fault.line, fault.rule) for fault in faults] == [(3, rule)]


def test_a_torn_line_and_a_feature_that_is_no_point_are_faults() -> None:
    torn = csv_of(GOOD) + b"S2,too,short\n\n"
    line = {"type": "Feature", "geometry": {"type": "LineString", "coordinates": []}, "properties": {}}
    text = {"type": "Point", "coordinates": ["121", None]}

    assert judged(raw_rows(torn))[1] == [Fault(3, RowRule.TORN, "")]
    _, faults = judged(raw_rows(collection(line, {**line, "geometry": text}, 7)))
    assert [fault.rule for fault in faults] == [RowRule.TORN] * 3


def test_half_a_surrogate_pair_is_a_fault_of_its_row_alone() -> None:
    named, placed = ({**GOOD, "station_id": "S2", name: "\ud800"} for name in ("name", "province"))
    escaped = json.dumps([feature(GOOD), feature(named), feature(placed)]).encode()
    good, faults = judged(raw_rows(OPENED + escaped + b"}"))

    assert [one.station.station_id for one in good] == ["S1"]
    assert [(fault.rule, fault.detail) for fault in faults] == [
        (RowRule.NAME, "?"),
        (RowRule.PROVINCE, "?"),
    ]


def test_lists_in_lists_are_no_texts() -> None:
    nested = json.dumps(feature({**GOOD, "grades": "deep"})).replace('"deep"', "[" * 700 + '"92"' + "]" * 700)

    _, faults = judged(raw_rows(OPENED + b"[" + nested.encode() + b"]}"))

    assert [fault.rule for fault in faults] == [RowRule.GRADES]


def test_a_row_that_stays_out_keeps_no_later_one_out() -> None:
    taken, elsewhere = row("S2", GOOD["lat"], GOOD["lon"]), row("S2", "31.9", "121.9")
    good, faults = judged(raw_rows(csv_of(GOOD, taken, elsewhere)))

    assert [one.station.station_id for one in good] == ["S1", "S2"]
    assert [fault.rule for fault in faults] == [RowRule.DUPLICATE_PLACE]


def test_the_first_of_two_with_one_id_or_one_place_stays_unless_it_is_closed() -> None:
    same_id, same_place = row("S1", "31.9", "121.9"), row("S2", "31.23041", "121.47371")
    again = row("S3", "31.9", "121.9")
    closed = row("S4", "31.8", "121.8", state="CLOSED")
    instead = row("S5", "31.8", "121.8")

    good, faults = judged(raw_rows(csv_of(GOOD, same_id, same_place, again, closed, instead)))

    assert [one.station.station_id for one in good] == ["S1", "S3", "S4", "S5"]
    assert faults == [
        Fault(3, RowRule.DUPLICATE_ID, "line 2"),
        Fault(4, RowRule.DUPLICATE_PLACE, "line 2"),
    ]


OPENED = b'{"type": "FeatureCollection", "features": '


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"\xff\xfe", b"a,b\n1,2\n", b"station_id,station_id\n", csv_of(GOOD) + b'"open', b"{}"),
        *(OPENED + b"[", OPENED + b"[{}", OPENED + b"[{} {}]}", OPENED + b"[nul", OPENED + b"[" * 100_000),
    ],
    ids=range(11),
)
def test_what_is_no_file_of_stations_is_refused_as_a_whole(content: bytes) -> None:
    with pytest.raises(FileUnreadableError):
        judged(raw_rows(content))


def test_coordinates_are_read_exactly_and_written_back() -> None:
    place = parse_place("-0.0000015", "179.9999994")

    assert (degrees(place.lat), degrees(place.lon)) == ("-0.000002", "179.999999")
    for lat, lon in (("91", "0"), ("0", "180.0000006"), ("", ""), (" 1", "1"), ("+1", "1"), ("1,5", "1")):
        with pytest.raises(CoordinatesInvalidError):
            parse_place(lat, lon)
