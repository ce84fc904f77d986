"""The functions of prices, called as API Gateway, the queue and the schedule call them."""

import importlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from unit.evidence.test_handlers import CONTEXT
from unit.prices.house import BJ, GD, OPERATOR, House, person, reading

from octane import wiring
from octane.kernel.caller import Caller
from octane.prices.model import Grade
from octane.prices.subscriptions import subscribe

ONE = person(1)


@pytest.fixture
def house() -> Iterator[House]:
    house = House()
    wiring.use(house)  # type: ignore[arg-type]
    yield house
    wiring.use(None)


def call(
    function: str,
    method: str,
    resource: str,
    *,
    caller: Caller = ONE,
    province: str = "",
    body: object = None,
    query: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, Any, dict[str, Any]]:
    sent = {"Content-Type": "application/json", **(headers or {})}
    authorizer = {name: value or "" for name, value in caller._asdict().items()} | {"role": caller.role.value}
    path = "/api/v1" + resource.replace("{province}", province)
    event = {
        "resource": "/api/v1" + resource,
        "path": path,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": {n: [v] for n, v in query.items()} if query else None,
        "pathParameters": {"province": province} if province else None,
        "stageVariables": None,
        "body": body if isinstance(body, str) or body is None else json.dumps(body),
        "isBase64Encoded": False,
        "requestContext": {
            "requestId": "r1", "path": path, "stage": "live", "authorizer": authorizer, "identity": {},
        },
    }  # fmt: skip
    answer = importlib.import_module(f"prices.{function}").handler(event, CONTEXT)
    return answer["statusCode"], json.loads(answer["body"] or "null"), answer["multiValueHeaders"]


def get_prices(caller: Caller = ONE, etag: str = "", **query: str) -> tuple[int, Any, dict[str, Any]]:
    headers = {"If-None-Match": etag} if etag else None
    return call("get_prices", "GET", "/prices", caller=caller, query=query or None, headers=headers)


SUBSCRIPTION = "/me/price-subscriptions/{province}"


def set_prices(body: object, province: str = "BJ", caller: Caller = OPERATOR) -> tuple[int, Any]:
    return call("set_prices", "PUT", "/prices/{province}", caller=caller, province=province, body=body)[:2]


def test_prices_are_read_by_everybody_and_kept_by_clients(house: House):
    house.pull(b92=755, b0=718)
    status, body, headers = get_prices(province="北京")
    assert status == 200
    assert body == {
        "provinces": [
            {
                "province": "BJ",
                "name": "北京",
                "version": 1,
                "grades": {
                    grade: {
                        "fen": fen, "as_of": "2026-11-22T04:10:00.000Z", "stale": False, "suspect_fen": None,
                    }
                    for grade, fen in (("92", 755), ("0", 718))
                },
            }
        ]
    }  # fmt: skip
    (etag,) = headers["ETag"]
    assert get_prices(etag=etag, province="BJ")[:2] == (304, None)
    house.pull(b92=760, b0=718)
    assert get_prices(etag=etag, province="BJ")[0] == 200


@pytest.mark.parametrize("caller", [ONE, OPERATOR], ids=["customer", "staff"])
def test_what_depends_on_the_role_is_asked_each_time(house: House, caller: Caller):
    house.pull(b92=755)
    headers = get_prices(caller)[2]
    assert headers["Cache-Control"] == ["private, max-age=0"]
    assert "Authorization" in headers["Vary"]


def test_a_price_that_is_stale_says_so(house: House):
    house.pull(b92=755)
    house.clock.at += house.settings.price_stale_ms + 1
    (only,) = get_prices()[1]["provinces"]
    assert only["grades"]["92"]["stale"] is True
    assert only["grades"]["92"]["as_of"] == "2026-11-22T04:10:00.000Z"


def test_nothing_is_known_yet(house: House):
    assert get_prices()[1] == {"provinces": []}
    assert get_prices(province="GD")[1] == {"provinces": []}


@pytest.mark.parametrize("province", ["XX", "bj", "吉林市", "", "%00", "BJ,GD", "'", "北京北京"])
def test_unknown_provinces(house: House, province: str):
    status, body, _ = get_prices(province=province)
    assert (status, body["error"]["code"]) == (404, "PROVINCE_UNKNOWN")


def test_what_is_held_back_is_for_staff(house: House):
    house.pull(b92=755)
    house.pull(b92=1_500)
    assert get_prices()[1]["provinces"][0]["grades"]["92"]["suspect_fen"] is None
    assert get_prices(OPERATOR)[1]["provinces"][0]["grades"]["92"]["suspect_fen"] == 1_500
    status, body = set_prices({"fens": {"92": 1500}, "based_on": 1, "reason": "seen in the news"})
    assert (status, body["version"], body["grades"]["92"]["fen"]) == (200, 2, 1_500)
    status, body = set_prices({"fens": {"92": 1600}, "based_on": 1, "reason": "late"})
    assert (status, body["error"]["code"]) == (409, "PRICES_SUPERSEDED")


GOOD = {"fens": {"92": 760}, "based_on": 1, "reason": "seen in the news"}


@pytest.mark.parametrize(
    "broken",
    [
        {"fens": {"92": 7.6}}, {"fens": {"92": "760"}}, {"fens": {"92": True}}, {"fens": {"93": 760}},
        {"fens": []}, {"fens": {}}, {"fens": {"92": 0}}, {"fens": {"92": -760}}, {"fens": {"92": 10**40}},
        {"fens": None}, {"based_on": -1}, {"based_on": "1"}, {"based_on": None}, {"reason": ""},
        {"reason": "a" * 201}, {"reason": "<b>"}, {"more": 1},
    ],
)  # fmt: skip
def test_what_staff_cannot_send(house: House, broken: dict[str, object]):
    house.pull(b92=755)
    status, answer = set_prices({**GOOD, **broken})
    assert status == 400
    assert answer["error"]["code"] in {"INVALID_REQUEST", "PRICE_INVALID"}
    assert house.known().revision == 1
    assert set_prices(GOOD)[0] == 200


@pytest.mark.parametrize("text", ['{"fens":{"92":755,"92":756},"based_on":1,"reason":"x"}', "[]", "x", "NaN"])
def test_what_is_no_body(house: House, text: str):
    assert set_prices(text)[0] == 400


def test_customers_set_nothing(house: House):
    house.pull(b92=755)
    body = {"fens": {"92": 756}, "based_on": 1, "reason": "x"}
    assert set_prices(body, caller=ONE)[0] == 403
    assert set_prices(body, province="XX")[1]["error"]["code"] == "PROVINCE_UNKNOWN"


def test_subscribe_list_and_leave(house: House):
    status, body, _ = call("subscribe_prices", "PUT", SUBSCRIPTION, province="GD")
    assert (status, body) == (
        200,
        {"province": "GD", "name": "广东", "since": "2026-11-22T04:00:00.000Z"},
    )
    listed = call("list_price_subscriptions", "GET", "/me/price-subscriptions")
    assert listed[:2] == (200, {"subscriptions": [body]})
    other = call("list_price_subscriptions", "GET", "/me/price-subscriptions", caller=person(2))
    assert other[1] == {"subscriptions": []}
    for _ in range(2):
        assert call("unsubscribe_prices", "DELETE", SUBSCRIPTION, province="GD")[:2] == (204, None)
    assert call("list_price_subscriptions", "GET", "/me/price-subscriptions")[1] == {"subscriptions": []}


def test_who_cannot_subscribe(house: House):
    status, body, _ = call(
        "subscribe_prices", "PUT", SUBSCRIPTION, province="GD", caller=ONE._replace(openid="")
    )
    assert (status, body["error"]["code"]) == (409, "WECHAT_LOGIN_REQUIRED")
    for function, method in (("subscribe_prices", "PUT"), ("unsubscribe_prices", "DELETE")):
        status, body, _ = call(function, method, SUBSCRIPTION, province="ZZ")
        assert (status, body["error"]["code"]) == (404, "PROVINCE_UNKNOWN")


def deliver(house: House, *bodies: object) -> list[str]:
    """The queue's messages to the worker; which of them come again."""
    records = [
        {"messageId": str(place), "receiptHandle": "r", "body": json.dumps(body), "attributes": {},
         "messageAttributes": {}, "md5OfBody": "", "eventSource": "aws:sqs", "eventSourceARN": "a:b:c:d:e:f",
         "awsRegion": "cn-north-1"}
        for place, body in enumerate(bodies)
    ]  # fmt: skip
    answer = importlib.import_module("prices.notify_prices").handler({"Records": records}, CONTEXT)
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def test_the_schedule_and_the_queue(house: House):
    sync = importlib.import_module("prices.sync_prices").handler
    house.tells(b92=755)
    house.guangdong.tells = {GD: reading(b92=760)}
    sync({}, CONTEXT)
    subscribe(house, ONE, BJ)
    deliver(house, *house.messages)
    house.messages.clear()
    house.tells(b92=780)
    sync({}, CONTEXT)
    assert deliver(house, *house.messages, *house.messages) == []
    assert house.told() == [ONE.openid]
    assert get_prices(province="BJ")[1]["provinces"][0]["grades"]["92"]["fen"] == 780


def test_messages_that_cannot_be_read_come_again(house: House):
    good = {"province": "BJ", "version": 1, "shard": 0}
    wrong = [{}, [], {**good, "province": 7}, {**good, "province": "XX"}, {**good, "version": None}]
    assert deliver(house, good, *wrong) == ["1", "2", "3", "4", "5"]


def test_grades_in_the_order_of_their_use():
    assert [grade.value for grade in Grade] == ["92", "95", "98", "89", "0"]
