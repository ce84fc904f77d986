"""Rules as staff set them: who may, which are refused, who was first, and what they would change (PY5)."""

import copy
from typing import Any

import pytest

from flow.books import assert_refused, nothing_written
from flow.customers import Customer, new_staff
from flow.routes import draft, publish, quota, route
from octane.kernel.caller import Role
from world.shop import Answer, Shop

CHEAP_ALIPAY = {"WECHAT": 9_000, "ALIPAY": 1_000, "UNIONPAY": 8_000}


def post(person: Customer, rules: object) -> Answer:
    """Publish as somebody does who has just read what is in force, if they may."""
    based_on = person.get("/routing/rules").body.get("version", 0)
    return person.post("/routing/rules", {"rules": rules, "based_on": based_on})


def dry_run(person: Customer, rules: object, *attempts: object) -> Answer:
    return person.post("/routing/dry-runs", {"rules": rules, "attempts": attempts})


def test_the_built_in_rules_are_version_0(shop: Shop, operator: Customer) -> None:
    answer = operator.get("/routing/rules")
    assert (answer.status, answer.body["version"], answer.body["published_by"]) == (200, 0, "octane")
    assert set(answer.body["rules"]) >= {"table", "methods", "quotas", "breaker", "window"}


def test_what_is_read_can_be_published_and_read_again(shop: Shop, operator: Customer) -> None:
    # Given
    rules = operator.get("/routing/rules").body["rules"]

    # When
    published = post(operator, {**rules, "window": 50})

    # Then
    assert (published.status, published.body["version"]) == (201, 1)
    assert published.body["published_by"] == operator.user_id
    assert operator.get("/routing/rules").body == published.body
    assert published.body["rules"]["window"] == 50


def test_new_rules_are_in_force_within_seconds(shop: Shop, ann: Customer, operator: Customer) -> None:
    # Given a process that has just read the rules
    publish(shop, operator)
    assert route(ann, ann.place()).body["payment"]["method"] == "WECHAT_NATIVE"

    # When
    assert post(operator, draft(CHEAP_ALIPAY)).body["version"] == 2
    assert route(ann, ann.place()).body["payment"]["method"] == "WECHAT_NATIVE"
    shop.clock.move(seconds=5)

    # Then
    assert route(ann, ann.place()).body["payment"]["method"] == "ALIPAY_NATIVE"


@pytest.mark.parametrize(
    ("role", "reads", "sets"),
    [
        (Role.OPERATOR, 200, 201),
        (Role.FINANCE, 200, 403),
        (Role.SUPPORT, 403, 403),
        (Role.CUSTOMER, 403, 403),
    ],
)
def test_who_may(shop: Shop, role: Role, reads: int, sets: int) -> None:
    person = new_staff(shop, role)
    assert person.get("/routing/rules").status == reads
    mark = shop.wiring.engine.mark()
    assert post(person, draft()).status == sets
    assert (shop.wiring.engine.mark() == mark) is (sets == 403)
    tried = dry_run(person, draft(), f"T{'A' * 25}P01")
    assert tried.status == reads


def test_nobody_may_without_a_token(shop: Shop) -> None:
    for method, path in (("GET", "rules"), ("POST", "rules"), ("POST", "dry-runs")):
        answer = shop.call(method, f"/api/v1/routing/{path}", None if method == "GET" else {"rules": {}})
        assert answer.status == 401


def broken(change: Any) -> dict[str, Any]:
    rules = copy.deepcopy(draft())
    change(rules)
    return rules


@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"table": {}},
        broken(lambda rules: rules.pop("methods")),
        broken(lambda rules: rules.update(more=1)),
        broken(lambda rules: rules.update(window=0)),
        broken(lambda rules: rules.update(window=True)),
        broken(lambda rules: rules.update(exploration_ppm=1_000_001)),
        broken(lambda rules: rules["methods"].update(CASH={})),
        broken(lambda rules: rules["methods"]["WECHAT_NATIVE"].update(min_fen=-1)),
        broken(lambda rules: rules["methods"]["WECHAT_NATIVE"].update(platforms=["MOON"])),
        broken(lambda rules: rules["breaker"].update(failures=0)),
        broken(lambda rules: rules.update(quotas={"BANK": []})),
        broken(
            lambda rules: rules.update(quotas={"WECHAT": [{"from_day": "x", "limit_fen": 1, "shards": 1}]})
        ),
        broken(lambda rules: rules["table"]["nodes"].pop(1)),
        broken(lambda rules: rules["table"]["nodes"][1]["content"]["rules"][0].update(fee_ppm="cheap(")),
    ],
)
def test_rules_that_cannot_be_meant(shop: Shop, operator: Customer, rules: dict[str, Any]) -> None:
    with nothing_written(shop):
        answer = post(operator, rules)
    assert answer.status == 400
    assert answer.code in {"RULES_INVALID", "RULES_TABLE_INVALID", "RULES_UNREADABLE"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"rules": [], "based_on": 0},
        {"rules": "x", "based_on": 0},
        {"rules": None, "based_on": 0},
        {"rules": {}},
        {"rules": {}, "based_on": "0"},
        {"rules": {}, "based_on": 0, "by": "me"},
    ],
)
def test_bodies_that_are_none(shop: Shop, operator: Customer, body: dict[str, Any]) -> None:
    with nothing_written(shop):
        assert_refused(operator.post("/routing/rules", body), 400, "INVALID_REQUEST")


def test_who_was_slower_is_told(shop: Shop, operator: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given somebody else between the reading and the writing
    engine = shop.wiring.engine
    transact = engine.transact
    other = new_staff(shop, Role.OPERATOR)
    faster: list[Answer] = []

    def overtaken(writes: Any, token: str) -> None:
        monkeypatch.setattr(engine, "transact", transact)
        faster.append(post(other, draft()))
        transact(writes, token)

    monkeypatch.setattr(engine, "transact", overtaken)

    # When
    slower = post(operator, draft(CHEAP_ALIPAY))

    # Then
    assert faster[0].status == 201
    assert_refused(slower, 409, "RULES_SUPERSEDED")
    assert operator.get("/routing/rules").body["published_by"] == other.user_id


def test_rules_written_for_an_older_version_are_refused(shop: Shop, operator: Customer) -> None:
    # Given somebody who read version 0, and somebody who has published since
    assert post(operator, draft()).body["version"] == 1

    # When / Then
    with nothing_written(shop):
        answer = operator.post("/routing/rules", {"rules": draft(CHEAP_ALIPAY), "based_on": 0})
    assert_refused(answer, 409, "RULES_SUPERSEDED")


def test_a_new_quota_under_rules_in_force_waits_for_another_day(shop: Shop, operator: Customer) -> None:
    publish(shop, operator)
    with nothing_written(shop):
        answer = post(operator, draft(**quota(shop, "ALIPAY", 1_000)))
    assert_refused(answer, 409, "RULES_QUOTA_FIXED")


def test_a_dry_run_says_what_would_change_and_writes_nothing(
    shop: Shop, ann: Customer, operator: Customer
) -> None:
    # Given three routed payments
    publish(shop, operator)
    orders = [ann.place(amount) for amount in (10_000, 20_000, 5_000)]
    for order, platform in zip(orders, ("H5", "STATION_QR", "MINI_PROGRAM"), strict=True):
        assert route(ann, order, platform).status == 200
    attempts = [f"{order}P01" for order in orders]

    # When
    with nothing_written(shop):
        answer = dry_run(operator, draft(CHEAP_ALIPAY), *attempts, attempts[0], f"{'T' * 26}P01")

    # Then the one that Alipay cannot serve goes to UnionPay, and what is unknown is left out
    assert answer.body["decisions"] == 3
    changed = {
        change["out_trade_no"]: (change["before"], change["after"]) for change in answer.body["changed"]
    }
    assert changed == {
        attempts[0]: ("WECHAT_NATIVE", "ALIPAY_NATIVE"),
        attempts[1]: ("WECHAT_NATIVE", "ALIPAY_NATIVE"),
        attempts[2]: ("WECHAT_JSAPI", "UNIONPAY_APP"),
    }
    fees = 10_000 * (1_000 - 3_000) + 20_000 * (1_000 - 3_000) + 5_000 * (8_000 - 3_000)
    assert (answer.body["cost_change_microfen"], answer.body["lost"], answer.body["gained"]) == (fees, 0, 0)


def test_a_dry_run_counts_who_would_be_lost(shop: Shop, ann: Customer, operator: Customer) -> None:
    publish(shop, operator)
    order = ann.place()
    route(ann, order)
    narrow = draft()
    narrow["methods"] = {name: {**rule, "max_fen": 9_999} for name, rule in narrow["methods"].items()}
    answer = dry_run(operator, narrow, f"{order}P01")
    assert (answer.body["lost"], answer.body["changed"][0]["after"]) == (1, None)


@pytest.mark.parametrize(
    ("attempts", "status", "code"),
    [
        ([], 400, "ATTEMPT_NUMBER_INVALID"),
        ([f"{'T' * 26}P01"] * 101, 400, "ATTEMPT_NUMBER_INVALID"),
        ([f"{'T' * 26}PXX"], 400, "ATTEMPT_NUMBER_INVALID"),
        ([""], 400, "ATTEMPT_NUMBER_INVALID"),
        (["P01"], 404, "ORDER_NOT_FOUND"),
        (["#" * 26 + "P01"], 404, "ORDER_NOT_FOUND"),
        ([1], 400, "INVALID_REQUEST"),
    ],
)
def test_attempts_that_are_none(
    shop: Shop, operator: Customer, attempts: list[object], status: int, code: str
) -> None:
    with nothing_written(shop):
        assert_refused(dry_run(operator, draft(), *attempts), status, code)


def test_a_dry_run_of_bad_rules_is_refused(shop: Shop, operator: Customer) -> None:
    assert dry_run(operator, {}, f"{'T' * 26}P01").status == 400
