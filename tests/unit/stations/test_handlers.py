"""The functions as the gateway calls them: what they refuse, and what a client keeps."""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from unit.stations.conftest import START, House, csv_of, row

from octane import wiring
from octane.kernel.clock import later
from octane.stations import importing
from world.system import ROOT

STAFF, CUSTOMER = "operator", "customer"
NEARBY, STATION = "/api/v1/stations/nearby", "/api/v1/stations/{station_id}"
IMPORTS = "/api/v1/stations/imports"
KEY = "imports/stations/a.csv"
CONTEXT = SimpleNamespace(
    aws_request_id="r",
    function_name="f",
    memory_limit_in_mb=1,
    invoked_function_arn="a",
    function_version="1",
)


def function(name: str) -> Callable[[dict[str, Any], Any], Any]:
    path = ROOT / f"functions/stations/{name}.py"
    spec = importlib.util.spec_from_file_location(f"stations_{name}", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    handler: Callable[[dict[str, Any], Any], Any] = module.handler
    return handler


@pytest.fixture
def stocked(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "test")
    house.work.put(KEY, csv_of(row("S1", "31.2304", "121.4737"), row("S2", "31.24", "121.48")))
    importing.run_import(house, KEY, later(START, 10**9))
    wiring.use(house)  # type: ignore[arg-type]
    yield house
    wiring.use(None)


def call(
    name: str, method: str, resource: str, role: str = CUSTOMER, body: object = None, headers: Any = None,
    query: dict[str, str] | None = None, **parameters: str,
) -> tuple[int, Any, dict[str, list[str]]]:  # fmt: skip
    event = {
        "resource": resource,
        "path": resource.format(**parameters),
        "httpMethod": method,
        "headers": headers or {},
        "multiValueHeaders": {},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": {name: [value] for name, value in (query or {}).items()} or None,
        "pathParameters": parameters or None,
        "body": None if body is None else json.dumps(body),
        "requestContext": {
            "requestId": "1",
            "identity": {"sourceIp": "192.0.2.1"},
            "authorizer": {"user_id": "U", "role": role, "session_id": "s", "openid": "o"},
        },
    }
    answer = function(name)(event, CONTEXT)
    text = answer["body"]
    return answer["statusCode"], json.loads(text) if text else None, answer["multiValueHeaders"]


def nearby(query: dict[str, str], headers: Any = None) -> tuple[int, Any, dict[str, list[str]]]:
    return call("list_nearby_stations", "GET", NEARBY, query=query, headers=headers)


HERE = {"lat": "31.2304", "lng": "121.4737"}


def test_the_stations_nearby_are_answered_with_an_etag_and_may_be_kept(stocked: House) -> None:
    status, body, headers = nearby(HERE)

    assert status == 200
    assert [station["station_id"] for station in body["stations"]] == ["S1", "S2"]
    assert body["stations"][0]["distance"] == {"metres": 0, "measured": "STRAIGHT", "seconds": None}
    assert headers["Cache-Control"] == ["private, max-age=300"]
    assert len(headers["ETag"][0]) == 66


@pytest.mark.parametrize("shape", ["{}", "W/{}", '"other", {}', "*"], ids=["same", "weak", "list", "any"])
def test_who_has_it_already_gets_304_without_a_body(stocked: House, shape: str) -> None:
    _, _, headers = nearby(HERE)
    [etag] = headers["ETag"]

    status, body, again = nearby(HERE, {"if-none-match": shape.format(etag)})

    assert (status, body, again["ETag"]) == (304, None, [etag])
    assert "Content-Type" not in again


def test_another_content_has_another_etag(stocked: House) -> None:
    _, _, before = nearby(HERE)
    stocked.work.put("imports/stations/b.csv", csv_of(row("S1", "31.2304", "121.4737", name="新名")))
    importing.run_import(stocked, "imports/stations/b.csv", later(START, 10**9))

    status, body, after = nearby(HERE, {"If-None-Match": before["ETag"][0]})

    assert (status, body["stations"][0]["name"]) == (200, "新名")
    assert after["ETag"] != before["ETag"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"lat": "NaN"}, {"lat": "91"}, {"lat": "-90.000001"}, {"lng": "180.5"}, {"lat": "1" * 40},
        {"lat": "north"}, {"lat": ""}, {"lat": "31.2,121.4"}, {"lat": "3e1"}, {"lat": "Infinity"},
        {"limit": "0"}, {"limit": "-1"}, {"limit": "1000"}, {"limit": "ten"}, {"grade": "97"},
    ],
    ids=range(15),
)  # fmt: skip
def test_bad_questions_are_refused_and_cost_no_call(stocked: House, wrong: dict[str, str]) -> None:
    stocked.engine.calls = 0

    status, body, headers = nearby({**HERE, **wrong})

    assert status == 400
    assert body["error"]["code"] in {"INVALID_REQUEST", "COORDINATES_INVALID"}
    assert "ETag" not in headers and headers["Cache-Control"] == ["no-store"]
    assert stocked.engine.calls == 0


def test_a_place_needs_both_coordinates(stocked: House) -> None:
    assert nearby({"lat": "31.2"})[0] == 400
    assert nearby({})[0] == 400


def test_one_station_is_shown_and_kept_and_an_unknown_one_is_not(stocked: House) -> None:
    status, body, headers = call("get_station", "GET", STATION, station_id="S1")
    assert (status, body["station_id"], body["distance"]) == (200, "S1", None)
    assert "sub_merchant" not in body

    kept = {"If-None-Match": headers["ETag"][0]}
    assert call("get_station", "GET", STATION, headers=kept, station_id="S1")[0] == 304
    status, body, headers = call("get_station", "GET", STATION, station_id="S404")
    assert (status, body["error"]["code"]) == (404, "STATION_NOT_FOUND")
    assert "ETag" not in headers


def test_staff_import_and_customers_do_not(stocked: House) -> None:
    status, body, _ = call("run_station_import", "POST", IMPORTS, STAFF, {"key": KEY})
    assert (status, body["state"], body["written"]) == (200, "DONE", 2)

    assert call("run_station_import", "POST", IMPORTS, CUSTOMER, {"key": KEY})[0] == 403
    for key, code in (
        ("imports/stations/none.csv", "IMPORT_NOT_FOUND"), ("people/a.csv", "IMPORT_KEY_INVALID"),
        ("imports/stations/../x y", "INVALID_REQUEST"), ("", "INVALID_REQUEST"),
    ):  # fmt: skip
        status, body, _ = call("run_station_import", "POST", IMPORTS, STAFF, {"key": key})
        assert (body["error"]["code"], status) == (code, 404 if code == "IMPORT_NOT_FOUND" else 400)


def test_a_notice_of_the_bucket_brings_the_file_in_once_however_often_it_comes(stocked: House) -> None:
    stocked.work.put("imports/stations/new stations.csv", csv_of(row("S3", "31.3", "121.5")))
    record = {"s3": {"object": {"key": "imports/stations/new+stations.csv"}}}
    notices = [{"body": json.dumps({"Records": [record]})}, {"body": json.dumps({"Event": "s3:TestEvent"})}]

    for _ in range(2):
        function("import_stations")({"Records": notices}, CONTEXT)

    assert call("get_station", "GET", STATION, station_id="S3")[0] == 200


def test_only_who_looks_by_place_pays_for_the_grid() -> None:
    """h3 costs a start some tenth of a second."""
    loaded = "import sys, {0}; sys.exit('h3' in sys.modules)"
    paths = [
        ROOT / "layers/octane/python",
        *(ROOT / "functions" / name for name in ("orders", "stations")),
    ]
    for name, pays in (("place_order", 0), ("list_nearby_stations", 1)):
        run = subprocess.run(
            [sys.executable, "-c", loaded.format(name)],
            env={"PYTHONPATH": os.pathsep.join(map(str, paths))},
            check=False,
            capture_output=True,
        )
        assert run.returncode == pays, (name, run.stderr.decode()[-300:])
