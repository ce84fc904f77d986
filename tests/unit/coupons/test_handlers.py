"""The functions of coupons, called as API Gateway calls them."""

import importlib
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from unit.coupons.conftest import NOON, STAFF, House, Tanks, customer, tank

from octane import wiring
from octane.kernel.caller import Caller
from octane.kernel.clock import MINUTE, rfc3339
from octane.store.cursors import write_cursor

CONTEXT = SimpleNamespace(
    aws_request_id="lambda-request",
    function_name="test",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:r:1:function:test",
    get_remaining_time_in_millis=lambda: 10_000,
)
TERMS = {"discount": "PERCENT", "value": 10, "valid_days": 30, "cap_fen": 2_000}
BODY = {
    "name": "国庆加油券",
    "stock": 2,
    "opens_at": rfc3339(NOON - MINUTE),
    "closes_at": rfc3339(NOON + 60 * MINUTE),
    "per_user_limit": 1,
    "expected_rate": 100,
    "terms": TERMS,
}
ONE = "/campaigns/{campaign_id}"


@pytest.fixture
def house() -> Iterator[House]:
    house = House()
    wiring.use(house)  # type: ignore[arg-type]
    yield house
    wiring.use(None)


def call(
    who: Caller,
    method: str,
    function: str,
    resource: str,
    body: object = None,
    *,
    key: str = "key-000001",
    query: dict[str, str] | None = None,
    **words: str,
) -> tuple[int, Any, dict[str, list[str]]]:
    """Status, body (of a refusal its code) and headers."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    path = f"/api/v1{resource}".format(**words)
    event = {
        "resource": f"/api/v1{resource}",
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": {n: [v] for n, v in query.items()} if query else None,
        "pathParameters": words or None,
        "stageVariables": None,
        "body": None if body is None else body if isinstance(body, str) else json.dumps(body),
        "isBase64Encoded": False,
        "requestContext": {
            "requestId": "r1",
            "path": path,
            "stage": "local",
            "identity": {"sourceIp": "203.0.113.9"},
            "authorizer": {name: value or "" for name, value in who._asdict().items()}
            | {"role": who.role.value},
        },
    }
    answer = importlib.import_module(f"coupons.{function}").handler(event, CONTEXT)
    found = json.loads(answer["body"])
    return (
        answer["statusCode"],
        found["error"]["code"] if "error" in found else found,
        answer["multiValueHeaders"],
    )


def create(body: object = None, who: Caller = STAFF, key: str = "key-000001") -> tuple[int, Any]:
    return call(who, "POST", "create_campaign", "/campaigns", body or BODY, key=key)[:2]


def change(campaign: Any, who: Caller = STAFF, **more: object) -> tuple[int, Any]:
    body = {**BODY, "version": campaign["version"], "state": campaign["state"], **more}
    words = {"campaign_id": campaign["campaign_id"]}
    return call(who, "PUT", "change_campaign", ONE, body, **words)[:2]


def claim(campaign: Any, number: int, key: str = "key-000001") -> tuple[int, Any, dict[str, list[str]]]:
    words = {"campaign_id": campaign["campaign_id"]}
    return call(customer(number), "POST", "claim_coupon", f"{ONE}/claims", key=key, **words)


def opened(**more: object) -> Any:
    return change(create({**BODY, **more})[1], state="OPEN", **{n: v for n, v in more.items() if n in BODY})[
        1
    ]


def test_a_sale_from_its_draft_to_its_audit(house: House) -> None:
    status, draft = create()
    assert (status, draft["state"], draft["shards"], draft["terms"]["cap_fen"]) == (201, "DRAFT", 2, 2_000)
    assert create() == (201, draft)
    assert claim(draft, 1)[:2] == (404, "CAMPAIGN_NOT_FOUND")
    status, campaign = change(draft, state="OPEN")
    assert (status, campaign["version"]) == (200, 2)
    house.claims = house.process()
    status, coupon, _ = claim(campaign, 1)
    assert (status, coupon["state"], coupon["is_expired"], coupon["order_id"]) == (
        201,
        "AVAILABLE",
        False,
        None,
    )
    assert claim(campaign, 1)[1] == coupon
    assert claim(campaign, 1, "key-000002")[:2] == (409, "LIMIT_REACHED")
    claim(campaign, 2)
    status, code, headers = claim(campaign, 3)
    assert (status, code) == (409, "SOLD_OUT")
    assert "Retry-After" not in headers
    words = {"campaign_id": campaign["campaign_id"]}
    shown = call(STAFF, "GET", "get_campaign", ONE, **words)[1]
    assert (shown["left"], shown["claimed"], shown["campaign"]["state"]) == (0, 2, "OPEN")
    audit = call(STAFF, "GET", "audit_claims", f"{ONE}/claims", **words)[1]
    assert (audit["verdict"], audit["claimed"], audit["next_shard"]) == ("MATCH", 2, None)
    listed = call(STAFF, "GET", "list_campaigns", "/campaigns")[1]
    assert [each["campaign_id"] for each in listed["campaigns"]] == [campaign["campaign_id"]]
    mine = call(customer(1), "GET", "list_coupons", "/me/coupons")[1]
    assert mine == {"coupons": [coupon], "next_cursor": None}
    house.clock.at += 31 * 24 * 60 * MINUTE
    [expired] = call(customer(1), "GET", "list_coupons", "/me/coupons")[1]["coupons"]
    assert expired == {**coupon, "is_expired": True}


def test_refusals_that_pass_say_when_to_come_back(house: House) -> None:
    campaign = opened(opens_at=rfc3339(NOON + 1_500))
    status, code, headers = claim(campaign, 1)
    assert (status, code, headers["Retry-After"]) == (409, "CAMPAIGN_NOT_OPEN", ["2"])


def test_codes(house: House) -> None:
    campaign = opened(audience="CODE")
    words = {"campaign_id": campaign["campaign_id"]}
    made = call(STAFF, "POST", "make_codes", f"{ONE}/codes", {"count": 2, "uses": 1}, **words)[1]
    body = {"code": made["codes"][0].lower()}
    status, coupon, _ = call(customer(1), "POST", "claim_by_code", "/coupon-codes", body)
    assert (status, coupon["campaign_id"]) == (201, campaign["campaign_id"])
    wrong = {"code": "0000-0000-0000-0000"}
    assert call(customer(1), "POST", "claim_by_code", "/coupon-codes", wrong)[:2] == (
        404,
        "COUPON_CODE_INVALID",
    )
    assert claim(campaign, 2)[:2] == (403, "CAMPAIGN_AUDIENCE")


def test_supply(house: House) -> None:
    campaign = opened(supply_grade="92")
    house.erp = Tanks((tank(99),))
    importlib.import_module("coupons.sync_supply").handler({}, CONTEXT)
    status, code, headers = claim(campaign, 1)
    assert (status, code, headers["Retry-After"]) == (429, "SUPPLY_LOW", ["300"])
    shown = call(STAFF, "GET", "get_supply", "/supply")[1]
    assert [(level["grade"], level["is_low"]) for level in shown["levels"]] == [("92", True)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"stock": 0},
        {"stock": -1},
        {"stock": 10_000_001},
        {"stock": 2.5},
        {"stock": "2"},
        {"stock": True},
        {"stock": 10**30},
        {"per_user_limit": 0},
        {"expected_rate": 0},
        {"opens_at": "yesterday"},
        {"opens_at": "2026-11-22T08:00:00"},
        {"opens_at": 1_795_320_000_000},
        {"opens_at": "0000-00-00T00:00:00Z"},
        {"name": ""},
        {"name": "a<b"},
        {"audience": "NOBODY"},
        {"limit_group": "a b"},
        {"limit_group": "a#b"},
        {"supply_grade": "92 "},
        {"supply_grade": "#ERP"},
        {"accounts": ["U1"]},
        {"surprise": 1},
        {"terms": TERMS | {"value": 0}},
        {"terms": TERMS | {"value": 1.5}},
        {"terms": TERMS | {"valid_days": 731}},
        {"terms": TERMS | {"products": "CARDS"}},
        {"terms": TERMS | {"products": "WALLET"}},
        {"terms": TERMS | {"stackable": "yes"}},
        {"terms": None},
    ],
    ids=range(29),
)
def test_bodies_that_cannot_be_read(house: House, wrong: dict[str, object]) -> None:
    assert create({**BODY, **wrong}) == (400, "INVALID_REQUEST")
    assert create()[0] == 201


@pytest.mark.parametrize(
    "wrong",
    [
        {"closes_at": BODY["opens_at"]},
        {"opens_at": BODY["closes_at"], "closes_at": BODY["opens_at"]},
        {"terms": TERMS | {"value": 100}},
        {"terms": TERMS | {"discount": "FIXED"}},
        {"terms": {"discount": "THRESHOLD", "value": 500, "valid_days": 1, "threshold_fen": 500}},
        {"accounts": [customer(1).account_id]},
    ],
    ids=range(6),
)
def test_bodies_that_contradict_themselves(house: House, wrong: dict[str, object]) -> None:
    assert create({**BODY, **wrong}) == (400, "CAMPAIGN_INVALID")


def test_changes_that_are_refused(house: House) -> None:
    campaign = opened()
    claim(campaign, 1)
    assert change({**campaign, "version": 1}, stock=3) == (409, "CHANGED_MEANWHILE")
    assert change(campaign, state="DRAFT") == (409, "CAMPAIGN_STATE")
    claim(campaign, 2)
    assert change(campaign, stock=1) == (409, "STOCK_BELOW_CLAIMED")
    assert change({**campaign, "campaign_id": "G" * 26}) == (404, "CAMPAIGN_NOT_FOUND")
    assert change(campaign, version="2") == (400, "INVALID_REQUEST")


def test_customers_are_no_staff(house: House) -> None:
    campaign = opened()
    words, anna = {"campaign_id": campaign["campaign_id"]}, customer(1)
    codes = {"count": 1, "uses": 1}
    answers = [
        create(who=anna),
        change(campaign, who=anna),
        call(anna, "GET", "get_campaign", ONE, **words),
        call(anna, "GET", "list_campaigns", "/campaigns"),
        call(anna, "GET", "audit_claims", f"{ONE}/claims", **words),
        call(anna, "POST", "make_codes", f"{ONE}/codes", codes, **words),
        call(anna, "GET", "get_supply", "/supply"),
    ]
    assert {answer[:2] for answer in answers} == {(403, "FORBIDDEN")}


@pytest.mark.parametrize("key", ["", "short", "a b c d e f", "x" * 256], ids=range(4))
def test_a_claim_needs_a_key(house: House, key: str) -> None:
    assert claim(opened(), 1, key)[:2] == (400, "INVALID_REQUEST")


def test_a_cursor_of_another_listing_is_refused(house: House) -> None:
    """What else stands in the account's partition is listed by nobody."""
    who = customer(1)
    cursor = write_cursor({"pk": f"USER#{who.account_id}", "sk": "CLAIMS#x"})
    answer = call(who, "GET", "list_coupons", "/me/coupons", query={"cursor": cursor})
    assert answer[:2] == (400, "CURSOR_INVALID")
