"""The functions of bills, called as API Gateway and the schedule call them: what they show and what they
refuse."""

import importlib
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from unit.bill_accounts.house import ANN, BOB, METER, BillHouse, holds, pays

from octane import wiring
from octane.billers.names import Biller
from octane.bills.accounts import get_account
from octane.bills.asking import FRESH_MS
from octane.bills.holding import hold, let_go, paid
from octane.kernel.caller import Caller, Member, Role
from octane.kernel.clock import rfc3339
from octane.kernel.fulfilment import FulfilmentUnknown
from octane.store.cursors import write_cursor
from octane.store.items import Table

CONTEXT = SimpleNamespace(
    aws_request_id="lambda-request",
    function_name="test",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:r:1:function:test",
    get_remaining_time_in_millis=lambda: 10_000,
)
ACCOUNTS, PLANS = "/api/v1/bill-accounts", "/api/v1/bill-plans"
BIND = {"biller": "ELECTRICITY", "account_no": METER, "label": "家里"}


@pytest.fixture
def house() -> Iterator[BillHouse]:
    house = BillHouse()
    wiring.use(house)  # type: ignore[arg-type]
    yield house
    wiring.use(None)


def call(
    function: str,
    resource: str,
    *,
    body: object = None,
    raw: str | None = None,
    caller: Caller = ANN,
    key: str = "key-0000-0001",
    query: dict[str, str] | None = None,
    **parameters: str,
) -> tuple[int, Any]:
    """Status and body; of a refusal its code."""
    verbs = {
        "list": "GET",
        "get": "GET",
        "bind": "POST",
        "make": "POST",
        "unbind": "DELETE",
        "cancel": "DELETE",
    }
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    path = resource.format(**parameters)
    authorizer = {name: value or "" for name, value in caller._asdict().items()} | {"role": caller.role.value}
    event = {
        "resource": resource,
        "path": path,
        "httpMethod": verbs[function.partition("_")[0]],
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": {n: [v] for n, v in query.items()} if query else None,
        "pathParameters": parameters or None,
        "stageVariables": None,
        "body": raw if raw is not None else None if body is None else json.dumps(body),
        "isBase64Encoded": False,
        "requestContext": {
            "requestId": "r1",
            "path": path,
            "stage": "local",
            "identity": {"sourceIp": "203.0.113.9"},
            "authorizer": authorizer,
        },
    }
    answer = importlib.import_module(f"bills.{function}").handler(event, CONTEXT)
    found = json.loads(answer["body"]) if answer["body"] else None
    return answer["statusCode"], found["error"]["code"] if found and "error" in found else found


def bound(**changes: object) -> Any:
    return call("bind_bill_account", ACCOUNTS, body={**BIND, **changes})


def planned(account: Any, **changes: object) -> Any:
    body = {"bill_account_id": account["bill_account_id"], "bill_no": "E202610", "instalments": 3, **changes}
    return call("make_bill_plan", PLANS, body=body)


def test_billers_say_how_their_numbers_look(house: BillHouse) -> None:
    status, found = call("list_billers", "/api/v1/billers")
    assert status == 200
    assert [each["biller"] for each in found["billers"]] == [biller.value for biller in Biller]
    for each in found["billers"]:
        body = {"biller": each["biller"], "account_no": each["account_example"]}
        assert call("bind_bill_account", ACCOUNTS, body=body, key=f"key-0000-{each['biller']}")[0] == 201


def test_an_account_from_binding_to_letting_go(house: BillHouse) -> None:
    status, account = bound()
    assert status == 201
    assert account == {
        "bill_account_id": account["bill_account_id"],
        "biller": "ELECTRICITY",
        "account_masked": "*********4556",
        "holder_masked": "*安",
        "label": "家里",
        "bound_at": rfc3339(house.clock.now()),
        "last_paid": None,
    }
    assert bound() == (status, account)
    held = holds(get_account(house.store, ANN.account_id, account["bill_account_id"]))
    house.store.commit(*hold(held, None, house.clock.now()))
    house.store.commit(*paid(held, house.clock.now()))
    _, found = call("list_bill_accounts", ACCOUNTS)
    last = {"order_id": "T1", "amount_fen": 100, "paid_at": rfc3339(house.clock.now())}
    assert found == {"accounts": [{**account, "last_paid": last}]}
    one = {"resource": f"{ACCOUNTS}/{{bill_account_id}}", "bill_account_id": account["bill_account_id"]}
    assert call("unbind_bill_account", **one) == (204, None)
    assert call("unbind_bill_account", **one) == (404, "BILL_ACCOUNT_NOT_FOUND")
    assert METER not in str(found)


def test_what_is_owed_with_tiers_and_marks(house: BillHouse) -> None:
    _, account = bound()
    one = {"resource": f"{ACCOUNTS}/{{bill_account_id}}/bills", "bill_account_id": account["bill_account_id"]}
    held = holds(get_account(house.store, ANN.account_id, account["bill_account_id"]))
    house.store.commit(*hold(held, None, house.clock.now()))
    status, owed = call("list_bills", **one)
    assert status == 200
    assert {name: owed[name] for name in ("stale", "asked_at", "holder_masked", "account_masked")} == {
        "stale": False,
        "asked_at": rfc3339(house.clock.now()),
        "holder_masked": "*安",
        "account_masked": "*********4556",
    }
    assert owed["bills"][0] == {
        "bill_no": "E202610",
        "period": "2026-10",
        "owed_fen": 14_949,
        "late_fee_fen": 50,
        "due_on": "2026-11-30",
        "partial": True,
        "minimum_fen": 100,
        "unit": "kWh",
        "tiers": [
            {"up_to": "240", "used": "240", "unit_price": "0.4883", "amount_fen": 11_719},
            {"up_to": None, "used": "60", "unit_price": "0.5383", "amount_fen": 3_230},
        ],
        "in_payment": True,
        "order_id": "T1",
    }
    assert {
        name: owed["bills"][1][name] for name in ("due_on", "unit", "tiers", "in_payment", "order_id")
    } == {
        "due_on": None,
        "unit": None,
        "tiers": [],
        "in_payment": False,
        "order_id": None,
    }
    house.clock.at += FRESH_MS
    house.power.answer = FulfilmentUnknown("time-out")
    _, old = call("list_bills", **one)
    assert old == {**owed, "stale": True}


def test_a_plan_from_making_to_cancelling(house: BillHouse) -> None:
    _, account = bound()
    status, plan = planned(account)
    assert status == 201
    assert plan["instalments"] == [
        {"no": no, "amount_fen": 4_983, "due_on": due, "paid": False}
        for no, due in ((1, "2026-11-22"), (2, "2026-12-22"), (3, "2027-01-22"))
    ]
    assert planned(account) == (status, plan)
    assert call("list_bill_plans", PLANS, query={"limit": "2"}) == (
        200,
        {"plans": [plan], "next_cursor": None},
    )
    one = {"resource": f"{PLANS}/{{plan_id}}", "plan_id": plan["plan_id"]}
    (kept,) = [item for item in house.engine.items(Table.BILLS) if item["sk"] == f"PLAN#{plan['plan_id']}"]
    assert kept["made_by"] == ANN.user_id
    stored = importlib.import_module("octane.bills.plans").plan_of(kept)
    house.store.commit(*hold(pays(stored), stored, house.clock.now()))
    assert call("cancel_bill_plan", **one) == (409, "PLAN_BUSY")
    assert call("get_bill_plan", **one)[1]["order_id"] == "T1"
    house.store.commit(*paid(pays(stored), house.clock.now()))
    house.store.commit(*hold(pays(stored, "T2"), stored._replace(paid=1), house.clock.now()))
    house.store.commit(*let_go(pays(stored, "T2"), "BILL_NOT_OWED"))
    _, now = call("get_bill_plan", **one)
    assert (now["paid_fen"], now["order_id"], now["last_order_id"]) == (4_983, None, "T2")
    assert (now["failure"], now["state"]) == ("BILL_NOT_OWED", "ACTIVE")
    assert [each["paid"] for each in now["instalments"]] == [True, False, False]
    assert call("cancel_bill_plan", **one) == (204, None)
    assert call("get_bill_plan", **one)[1]["state"] == "CANCELLED"


@pytest.mark.parametrize(
    "change",
    [
        {"account_no": "123"},
        {"account_no": "京I12345", "biller": "PARKING"},
        {"account_no": ""},
        {"account_no": "9" * 65},
        {"account_no": 1100223344556},
        {"account_no": None},
        {"biller": "RENT"},
        {"biller": ""},
        {"label": ""},
        {"label": "<b>"},
        {"label": "长" * 65},
        {"user_id": "UBOB"},
    ],
    ids=str,
)
def test_a_body_that_cannot_be_is_refused(house: BillHouse, change: dict[str, object]) -> None:
    status, code = bound(**change)
    assert (status, code in {"ACCOUNT_INVALID", "INVALID_REQUEST"}) == (400, True)
    assert house.engine.items(Table.BILLS) == []


@pytest.mark.parametrize("instalments", [0, 1, 13, -2, 10**40, True, "3", None, [3]], ids=str)
def test_other_numbers_of_instalments_are_refused(house: BillHouse, instalments: object) -> None:
    _, account = bound()
    status, code = planned(account, instalments=instalments)
    assert (status, code in {"INSTALMENTS_INVALID", "INVALID_REQUEST"}) == (400, True)


def test_half_an_instalment_is_refused(house: BillHouse) -> None:
    _, account = bound()
    name = account["bill_account_id"]
    for number in ("1.5", "3.0", "3e0", "NaN"):
        raw = f'{{"bill_account_id":"{name}","bill_no":"E202610","instalments":{number}}}'
        assert call("make_bill_plan", PLANS, raw=raw)[0] == 400


@pytest.mark.parametrize("bill_no", ["", "E 1", "E" * 33, "../E", "E202610\n", 7], ids=repr)
def test_an_impossible_bill_number_is_refused(house: BillHouse, bill_no: object) -> None:
    _, account = bound()
    assert planned(account, bill_no=bill_no) == (400, "INVALID_REQUEST")


def test_another_persons_things_do_not_exist(house: BillHouse) -> None:
    _, account = bound()
    _, plan = planned(account)
    for function, resource, name, code in (
        (
            "unbind_bill_account",
            f"{ACCOUNTS}/{{bill_account_id}}",
            "bill_account_id",
            "BILL_ACCOUNT_NOT_FOUND",
        ),
        ("list_bills", f"{ACCOUNTS}/{{bill_account_id}}/bills", "bill_account_id", "BILL_ACCOUNT_NOT_FOUND"),
        ("get_bill_plan", f"{PLANS}/{{plan_id}}", "plan_id", "BILL_PLAN_NOT_FOUND"),
        ("cancel_bill_plan", f"{PLANS}/{{plan_id}}", "plan_id", "BILL_PLAN_NOT_FOUND"),
    ):
        there = {name: plan[name]}
        assert call(function, resource, caller=BOB, **there) == (404, code)
    body = {"bill_account_id": account["bill_account_id"], "bill_no": "E202610", "instalments": 3}
    assert call("make_bill_plan", PLANS, body=body, caller=BOB) == (404, "BILL_ACCOUNT_NOT_FOUND")
    assert call("list_bill_accounts", ACCOUNTS, caller=BOB) == (200, {"accounts": []})
    assert call("list_bill_plans", PLANS, caller=BOB) == (200, {"plans": [], "next_cursor": None})


def test_members_see_the_enterprises_accounts_and_viewers_change_nothing(house: BillHouse) -> None:
    clerk = ANN._replace(enterprise_id="E1", member=Member.OPERATOR)
    viewer = BOB._replace(enterprise_id="E1", member=Member.VIEWER)
    _, account = call("bind_bill_account", ACCOUNTS, body=BIND, caller=clerk)
    assert call("list_bill_accounts", ACCOUNTS, caller=viewer) == (200, {"accounts": [account]})
    assert call("list_bill_accounts", ACCOUNTS) == (200, {"accounts": []})
    assert call("bind_bill_account", ACCOUNTS, body=BIND, caller=viewer) == (403, "FORBIDDEN")
    looker = ANN._replace(role=Role.AUDITOR)
    assert call("bind_bill_account", ACCOUNTS, body=BIND, caller=looker) == (403, "FORBIDDEN")


@pytest.mark.parametrize("sort", [None, "ACCOUNT#x", "PLAN", "PLAN#~~", "~"], ids=str)
def test_a_cursor_made_by_hand_is_refused(house: BillHouse, sort: str | None) -> None:
    """One of another listing of the same partition too."""
    cursor = write_cursor({"pk": f"USER#{ANN.account_id}", "sk": sort}) if sort else "bm90IG9uZQ=="
    assert call("list_bill_plans", PLANS, query={"cursor": cursor}) == (400, "CURSOR_INVALID")


def test_the_job_runs_by_schedule(house: BillHouse) -> None:
    importlib.import_module("bills.remind_instalments").handler({}, CONTEXT)
    assert house.messenger.sent == []
