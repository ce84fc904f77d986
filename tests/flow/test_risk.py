"""Risk over the API: what customers meet and what staff do (RK1–RK4)."""

import copy
from typing import Any

import pytest

from flow.customers import Customer, new_customer, new_staff
from octane.identity.step_ups import Operation, binding, step_up_key
from octane.kernel.caller import Role
from octane.risk.outcomes import TELLING
from octane.risk.seen import account_bucket
from octane.store.expressions import marshal_item
from octane.store.items import Table
from octane.store.writes import Absent, Put
from world.shop import Answer, Shop, context

LARGE = 100_000


@pytest.fixture
def rita(shop: Shop) -> Customer:
    """Somebody of risk."""
    return new_staff(shop, Role.RISK)


@pytest.fixture
def rolf(shop: Shop) -> Customer:
    """Another one."""
    return new_staff(shop, Role.RISK)


def send(person: Customer, method: str, path: str, body: object = None) -> Answer:
    return person.shop.call(method, f"/api/v1{path}", body, token=person.token)


def with_rule(rita: Customer, outcome: str, least: int = LARGE) -> dict[str, Any]:
    """The rules in force with one more: amounts of 1,000 CNY and more, or another one, have this outcome."""
    rules = copy.deepcopy(rita.get("/risk/rules").body["rules"])
    table = next(node for node in rules["table"]["nodes"] if node["type"] == "decisionTableNode")
    row = {"_id": "test", "outcome": f'"{outcome}"', "reason": '"TEST_RULE"', "amount_fen": f">= {least}"}
    table["content"]["rules"].append(row)
    return dict(rules)


def publish(rita: Customer, outcome: str, least: int = LARGE) -> int:
    before = rita.get("/risk/rules").body["version"]
    answer = rita.post("/risk/rules", {"rules": with_rule(rita, outcome, least), "based_on": before})
    assert answer.status == 201, answer
    rita.shop.clock.move(seconds=5)
    return int(answer.body["version"])


def place(person: Customer, amount: int, **headers: str) -> Answer:
    body = {"card_id": person.card_id, "amount_fen": amount}
    sent = {"Idempotency-Key": f"risk-{amount}-{len(person.shop.signals.seen)}"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return person.shop.call("POST", "/api/v1/orders", body, token=person.token, headers=sent)


def test_rules_are_published_tried_and_rolled_back(shop: Shop, ann: Customer, rita: Customer) -> None:
    # Given
    order_id = ann.place(LARGE)
    draft = with_rule(rita, "HOLD")

    # When
    tried = rita.post("/risk/rules/dry-run", {"rules": draft, "orders": [order_id]})

    # Then
    assert tried.status == 200, tried
    assert tried.body["changed"] == [
        {
            "order_id": order_id,
            "before": {"outcome": "ALLOW", "reasons": []},
            "after": {"outcome": "HOLD", "reasons": ["TEST_RULE"]},
        }
    ]
    assert publish(rita, "HOLD") == 1
    held = place(ann, LARGE)
    assert held.status == 201
    back = rita.post("/risk/rules/rollback", {"to_version": 0, "based_on": 1})
    assert (back.status, back.body["version"]) == (201, 2)
    again = rita.post("/risk/rules/rollback", {"to_version": 0, "based_on": 1})
    assert (again.status, again.code) == (409, "RULES_SUPERSEDED")
    shown = rita.get(f"/risk/decisions/{held.body['order_id']}").body["decisions"]
    assert [(one["verdict"]["outcome"], one["replayed"], one["rules_version"]) for one in shown] == [
        ("HOLD", True, 1)
    ]
    assert ann.card_id not in str(shown)


def test_a_challenge_is_met_with_a_step_up(shop: Shop, ann: Customer, rita: Customer) -> None:
    publish(rita, "CHALLENGE")
    refused = place(ann, LARGE)
    assert (refused.status, refused.code) == (403, "STEP_UP_REQUIRED")
    passed = {
        "state": "PASSED",
        "binding": binding(Operation.PLACE_ORDER, ann.card_id, LARGE),
        "expires_at": shop.clock.now() + 60_000,
    }
    shop.wiring.store.commit(Put(step_up_key(ann.user_id, "P" * 26), passed, when=Absent()))
    assert place(ann, LARGE, X_Step_Up="P" * 26).status == 201
    assert place(ann, LARGE, X_Step_Up="P" * 26).code == "STEP_UP_REQUIRED"


def test_a_blocked_customer_learns_no_rule_and_is_frozen(shop: Shop, ann: Customer, rita: Customer) -> None:
    # Given
    waiting = ann.place()
    paying = ann.place()
    out_trade_no = ann.start_paying(paying)
    publish(rita, "BLOCK")

    # When
    blocked = place(ann, LARGE)

    # Then
    assert (blocked.status, blocked.code) == (403, "RISK_BLOCKED")
    assert "TEST_RULE" not in str(blocked.body)
    assert place(ann, 100).code == "ACCOUNT_FROZEN"
    assert ann.post("/wallet/top-ups", {"amount_fen": 100}).code == "ACCOUNT_FROZEN"
    for choice in ({"method": "WECHAT_JSAPI"}, {"platform": "H5"}, {"method": "WALLET_BALANCE"}):
        refused = ann.choose(waiting, **choice)
        assert (refused.status, refused.code) == (403, "ACCOUNT_FROZEN"), choice
    assert ann.state(waiting) == "PENDING"

    # When what was under way is paid
    ann.pay_for(out_trade_no)
    assert shop.deliver().status == 200
    shop.drain()
    assert shop.deliver().body == "success"

    # Then it is delivered
    assert ann.state(paying) == "SUCCEEDED"


def test_a_freeze_is_lifted_by_somebody_else(ann: Customer, operator: Customer, rita: Customer) -> None:
    path = f"/users/{ann.user_id}/freeze"
    assert send(operator, "PUT", path, {"reason": "case 7"}).body["frozen"] is True
    assert place(ann, 100).code == "ACCOUNT_FROZEN"
    assert send(operator, "DELETE", path, {"reason": "cleared"}).code == "FORBIDDEN"
    assert send(rita, "PUT", path, {"reason": "twice"}).code == "ALREADY_FROZEN"
    assert send(rita, "DELETE", path, {"reason": "cleared"}).body["frozen"] is False
    assert place(ann, 100).status == 201
    assert send(rita, "PUT", path, {"reason": "again"}).status == 200
    assert send(rita, "DELETE", path, {"reason": "cleared"}).code == "FREEZE_SAME_PERSON"


def test_lists(shop: Shop, ann: Customer, rita: Customer) -> None:
    path = f"/risk/lists/user/{ann.user_id}"
    listed = send(rita, "PUT", path, {"entry": "WATCH", "reason": "case 7"})
    assert (listed.status, listed.body["entry"]) == (200, "WATCH")
    order_id = place(ann, 100).body["order_id"]
    [shown] = rita.get(f"/risk/decisions/{order_id}").body["decisions"]
    assert shown["verdict"] == {"outcome": "HOLD", "reasons": ["USER_WATCHED"]}
    card = shown["tags"]["card"]
    assert send(rita, "PUT", f"/risk/lists/card/{card}", {"entry": "BLOCK", "reason": "x"}).status == 200
    assert send(rita, "DELETE", path, {"reason": "cleared"}).status == 204
    assert place(ann, 100).code == "RISK_BLOCKED"
    for wrong, code in (
        ("/risk/lists/card/1000111100001234567", "LIST_VALUE_INVALID"),
        ("/risk/lists/colour/red", "INVALID_REQUEST"),
        ("/risk/lists/user/%27OR1", "LIST_VALUE_INVALID"),
    ):
        assert send(rita, "PUT", wrong, {"entry": "BLOCK", "reason": "x"}).code == code
    assert send(rita, "PUT", path, {"entry": "NONE", "reason": "x"}).code == "INVALID_REQUEST"
    assert send(rita, "PUT", path, {"entry": "BLOCK", "reason": "x", "by": "me"}).code == "INVALID_REQUEST"


def test_one_card_and_one_device_of_many_accounts(shop: Shop, rita: Customer) -> None:
    """Seven accounts bind the same number and order from one device: the fan-in is seen by the blind index.
    It is counted in buckets of account ids: these are seven of seven."""
    by_bucket: dict[str, Customer] = {}
    while len(by_bucket) < 7:
        person = new_customer(shop)
        by_bucket.setdefault(account_bucket(person.user_id), person)
    crowd = list(by_bucket.values())
    answers = [place(person, 10_000, X_Device_Id="device-0001") for person in crowd]
    assert [answer.status for answer in answers[:4]] == [201] * 4
    assert {answer.code for answer in answers[4:] if answer.status == 403} == {"STEP_UP_REQUIRED"}
    shown = rita.get(f"/risk/decisions/{answers[3].body['order_id']}").body["decisions"][0]
    assert (shown["facts"]["card_accounts"], shown["facts"]["device_accounts"]) == (3, 3)


def test_outcomes_come_by_the_ledgers_stream(shop: Shop, ann: Customer) -> None:
    ann.topped_up()
    records = [
        {
            "eventName": "INSERT",
            "dynamodb": {
                "Keys": marshal_item({"pk": item["pk"], "sk": item["sk"]}),
                "NewImage": marshal_item(item),
            },
        }
        for item in shop.wiring.engine.items(Table.LEDGER)
        if "legs" in item
    ]
    assert any(item["dynamodb"]["Keys"]["sk"]["S"].split("#")[0] in TELLING for item in records)  # type: ignore[index]
    for _ in range(2):
        shop.function("risk/learn_outcomes")({"Records": records}, context())
    [person] = [item for item in shop.wiring.engine.items(Table.RISK) if item["pk"] == ann.user_id]
    assert (person["well"], person["ill"]) == (1, 0)


@pytest.mark.parametrize("rules", [{}, {"table": {}, "limits": {}}, {"rules": "x" * 1_000}, {"table": []}])
def test_what_are_no_rules_is_refused(rita: Customer, rules: object) -> None:
    answer = rita.post("/risk/rules", {"rules": rules, "based_on": 0})
    assert (answer.status, answer.code) == (400, "RULES_INVALID")


def test_customers_and_others_of_the_staff_see_nothing(ann: Customer, operator: Customer) -> None:
    order_id = ann.place()
    for person in (ann, operator):
        assert person.get("/risk/rules").status == 403
        assert person.get(f"/risk/decisions/{order_id}").status == 403
    assert send(ann, "PUT", f"/users/{operator.user_id}/freeze", {"reason": "x"}).status == 403


def test_a_draft_with_odd_numbers_or_orders_is_refused_with_a_code(
    shop: Shop, ann: Customer, rita: Customer
) -> None:
    order_id = ann.place(LARGE)
    draft = with_rule(rita, "HOLD")
    for number in (1.5, 1e300):
        odd = rita.post("/risk/rules/dry-run", {"rules": {**draft, "version": number}, "orders": [order_id]})
        assert odd.status < 500, odd
        odd = rita.post("/risk/rules", {"rules": {**draft, "odd": number}, "based_on": 0})
        assert odd.status == 400, odd
    for unknown in ("", "x" * 3_000):
        tried = rita.post("/risk/rules/dry-run", {"rules": draft, "orders": [unknown]})
        assert tried.status == 400, tried
