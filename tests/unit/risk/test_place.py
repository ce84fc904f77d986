"""Placing an order: limits, decisions, and what each outcome does (RK1, RK2)."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from unit.risk.conftest import NOON, House, person, staff

from octane.identity.step_ups import StepUpRequiredError, step_up_key
from octane.kernel.clock import MINUTE
from octane.kernel.errors import KeyReusedError, OctaneError
from octane.orders.model import Dossier
from octane.orders.place import place_order
from octane.orders.risking import AmountOverLimitError, RiskBlockedError
from octane.orders.wanted import PlaceOrder
from octane.risk.counting import DailyLimitError, TooManyOrdersError
from octane.risk.decide import Decision
from octane.risk.decisions import find_decision
from octane.risk.defaults import default_draft, default_rules
from octane.risk.facts import Facts
from octane.risk.frozen import AccountFrozenError
from octane.risk.publishing import publish_rules
from octane.risk.rules import Outcome
from octane.risk.seen import person_key
from octane.rulebook.documents import table_of
from octane.rulebook.errors import RulesUnknownError
from octane.store.engine import Throttled
from octane.store.items import Key, Table

DEVICE, OTHER_DEVICE = "device-0001", "device-0002"
LARGE = 100_000


def decision(house: House, dossier: Dossier) -> Decision:
    found = find_decision(house.store, dossier.order.order_id)
    assert found is not None
    return found


def publish(house: House, outcome: str, **limits: dict[str, int]) -> None:
    """One rule: amounts of 1,000 CNY and more have this outcome."""
    row = {"outcome": f'"{outcome}"', "reason": '"TEST_RULE"', "amount_fen": f">= {LARGE}"}
    table = table_of([row], Facts._fields, ["outcome", "reason"], "collect")
    grades = default_draft()["limits"]
    rules = {"table": table, "limits": {grade: grades[grade] | limits.get(grade, {}) for grade in grades}}
    publish_rules(house, staff(), rules, based_on=0)
    house.other_process()


def test_an_ordinary_order_is_two_calls(house: House) -> None:
    ann = house.moves_in(person("ann"))._replace(device=DEVICE, ip="203.0.113.7")
    house.place(ann)
    with house.meter.operation("place") as usage:
        placed = house.place(ann)
    assert dict(usage.by_call) == {"batch_get": 1, "transact": 1}
    assert usage.write_units == 18, "8 for the order, 2 for its act, 8 for risk"
    assert placed.order.review == ""
    assert decision(house, placed).verdict.outcome is Outcome.ALLOW


def test_a_replay_counts_nothing_and_asks_no_rule(house: House) -> None:
    ann = house.moves_in(person("ann"))._replace(device=DEVICE, ip="203.0.113.7")
    first = house.place(ann, LARGE, key="same-key")
    before = house.engine.items(Table.RISK)
    publish(house, "BLOCK")  # the rules that came since are not asked
    seen = house.engine.items(Table.RISK)
    assert house.place(ann, LARGE, key="same-key").order == first.order
    assert house.engine.items(Table.RISK) == seen
    assert len(seen) == len(before) + 2, "the rules, no more"
    with pytest.raises(KeyReusedError):
        house.place(ann, LARGE + 1, key="same-key")


def test_a_challenge_is_answered_by_a_step_up_for_exactly_this(house: House) -> None:
    ann = house.moves_in(person("ann"))
    publish(house, "CHALLENGE")

    # Given: without a proof, with that for another amount, another card, another person's
    with pytest.raises(StepUpRequiredError):
        house.place(ann, LARGE, key="the-key")
    for wrong in (
        house.passed(ann, LARGE + 1),
        house.passed(ann, LARGE, "other-card"),
        house.passed(ann._replace(user_id=person("bob")), LARGE),
        "P" * 26,
    ):
        with pytest.raises(StepUpRequiredError):
            house.place(ann, LARGE, key="the-key", step_up_id=wrong)

    # When
    right = house.passed(ann, LARGE)
    placed = house.place(ann, LARGE, key="the-key", step_up_id=right)

    # Then
    assert decision(house, placed).proven
    assert house.item(step_up_key(ann.user_id, right))["state"] == "USED"
    with pytest.raises(StepUpRequiredError):
        house.place(ann, LARGE, step_up_id=right)
    assert house.place(ann, LARGE, key="the-key").order == placed.order, "a replay needs none"


def test_of_two_orders_with_one_step_up_one_is_placed(house: House) -> None:
    ann = house.moves_in(person("ann"))
    publish(house, "CHALLENGE")
    proof = house.passed(ann, LARGE)
    keys = [f"parallel-{number}" for number in range(16)]

    def place(key: str) -> str:
        try:
            return house.place(ann, LARGE, key=key, step_up_id=proof).order.order_id
        except OctaneError as error:
            return error.code

    with ThreadPoolExecutor(16) as crowd:
        found = list(crowd.map(place, keys))
    assert found.count("STEP_UP_REQUIRED") == len(keys) - 1, found


def test_a_held_order_is_placed_and_reviewed(house: House) -> None:
    ann = house.moves_in(person("ann"))
    publish(house, "HOLD")
    assert house.place(ann, LARGE).order.review == "RISK"
    assert house.place(ann, LARGE - 1).order.review == ""
    assert house.place(ann, 200_000).order.review == "RISK"
    assert house.place(ann, 200_001).order.review == "LARGE_AMOUNT", "which is reviewed more strictly"


def test_a_block_freezes_and_reports_in_one_commit(house: House) -> None:
    ann = house.moves_in(person("ann"))._replace(device=DEVICE)
    publish(house, "BLOCK")

    # When
    with pytest.raises(RiskBlockedError) as refusal:
        house.place(ann, LARGE)

    # Then
    assert "TEST_RULE" not in str(refusal.value), "the customer learns no rule"
    assert house.item(person_key(ann.user_id))["frozen_by"] == "system"
    assert house.item(Key(Table.IDENTITY, ann.user_id, "#USER"))["frozen"] is True
    assert not house.engine.items(Table.ORDERS)
    assert [item["action"] for item in house.engine.items(Table.AUDIT)][-1] == "freeze_account"
    assert any(str(item["pk"]).startswith("REPORTS#") for item in house.engine.items(Table.RISK))
    with pytest.raises(AccountFrozenError):
        house.place(ann, 10_000)
    with pytest.raises(AccountFrozenError):
        house.fill(ann, 10_000)


def test_the_wallet_goes_the_same_way(house: House) -> None:
    ann = house.moves_in(person("ann"))
    publish(house, "CHALLENGE")
    with pytest.raises(StepUpRequiredError):
        house.fill(ann, LARGE)
    placed = house.fill(ann, LARGE, step_up_id=house.passed(ann, LARGE, ""))
    facts = decision(house, placed).facts
    assert (facts.kind, facts.amount_fen, facts.card_accounts) == ("WALLET", LARGE, 0)


def test_limits_of_the_grade_hold(house: House) -> None:
    ann = house.moves_in(person("ann"))
    publish(house, "HOLD", B={"single_fen": 50_000, "daily_fen": 90_000, "orders_per_day": 4})
    with pytest.raises(AmountOverLimitError, match=r"500\.00"):
        house.place(ann, 50_001)
    house.place(ann, 50_000)
    with pytest.raises(DailyLimitError, match=r"400\.00"):
        house.place(ann, 40_001)
    house.place(ann, 39_000)
    house.place(ann, 500)
    house.place(ann, 500)
    with pytest.raises(TooManyOrdersError) as refusal:
        house.place(ann, 1)
    assert refusal.value.retry_after == 12 * 3600 + 1, "from noon to midnight"
    house.clock.at += 12 * 60 * MINUTE
    house.place(ann, 50_000)


def test_the_hour_has_its_own_limit(house: House) -> None:
    ann = house.moves_in(person("ann"))
    house.settings = house.settings._replace(orders_per_hour=2)
    house.clock.at += 59 * MINUTE
    house.place(ann)
    house.place(ann)
    with pytest.raises(TooManyOrdersError) as refusal:
        house.place(ann)
    assert refusal.value.retry_after == 61
    house.clock.at += MINUTE
    house.place(ann)


@pytest.mark.parametrize(
    ("limits", "amount", "fit"),
    [({"daily_fen": 70_000, "single_fen": 10_000}, 10_000, 7), ({"orders_per_day": 5}, 10_000, 5)],
    ids=["amount", "count"],
)
def test_no_crowd_gets_over_a_limit(house: House, limits: dict[str, int], amount: int, fit: int) -> None:
    ann = house.moves_in(person("ann"))
    publish(house, "HOLD", B=limits)

    def place(number: int) -> bool:
        try:
            place_order(house, ann, PlaceOrder("card", amount), f"crowd-{number}")  # type: ignore[arg-type]
        except OctaneError as error:
            assert error.code in {"DAILY_LIMIT", "TOO_MANY_ORDERS", "CHANGED_MEANWHILE"}, error
            return False
        return True

    with ThreadPoolExecutor(32) as crowd:
        placed = sum(crowd.map(place, range(64)))
    assert placed == fit
    assert sum(item["sk"] == "#ORDER" for item in house.engine.items(Table.ORDERS)) == fit


def test_a_freeze_that_comes_between_stops_the_order(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The freeze lands after the order has read everything, before it commits."""
    ann, real, frozen = house.moves_in(person("ann")), house.store.engine.transact, []

    def freeze_first(writes: Any, token: str) -> None:
        if not frozen:
            frozen.append(True)
            house.put(person_key(ann.user_id), frozen_at=NOON, frozen_by="x")
        real(writes, token)

    monkeypatch.setattr(house.engine, "transact", freeze_first)
    with pytest.raises(AccountFrozenError):
        house.place(ann)
    assert not house.engine.items(Table.ORDERS)


def test_a_frozen_enterprise_stops_all_who_act_for_it(house: House) -> None:
    ann, firm = house.moves_in(person("ann")), "E" + "F" * 25
    house.bind(firm, "N" + "B" * 25)
    acting = ann._replace(enterprise_id=firm)
    placed = house.place(acting)
    assert (placed.order.user_id, placed.order.placed_by) == (firm, ann.user_id)
    assert decision(house, placed).facts.account == "ENTERPRISE"
    house.put(person_key(firm), frozen_at=NOON)
    with pytest.raises(AccountFrozenError):
        house.place(acting)
    house.place(ann)


def test_rules_that_cannot_be_read_let_nothing_through(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, real = house.moves_in(person("ann")), house.engine.batch_get

    def no_rules(keys: list[Key]) -> Any:
        if any(key.pk == "RULES" for key in keys):
            raise Throttled
        return real(keys)

    monkeypatch.setattr(house.engine, "batch_get", no_rules)
    with pytest.raises(RulesUnknownError):
        house.place(ann)
    monkeypatch.undo()
    house.place(ann)
    monkeypatch.setattr(house.engine, "batch_get", no_rules)
    house.clock.at += MINUTE
    house.place(ann)  # by the rules that were known last


def test_a_decision_names_nobody(house: House) -> None:
    ann = house.moves_in(person("ann"))._replace(device=DEVICE, ip="203.0.113.7")
    house.place(ann, place="31.23,121.47")
    kept = json.dumps(house.engine.items(Table.RISK), default=str)
    for word in ("13800138000", "1000111100001234567", "203.0.113.7", DEVICE, "张三", "121.47", "31.23"):
        assert word not in kept


def test_the_rules_in_force_change_within_five_seconds(house: House) -> None:
    ann = house.moves_in(person("ann"))
    house.place(ann, LARGE)
    row = {"outcome": '"HOLD"', "reason": '"TEST_RULE"', "amount_fen": f">= {LARGE}"}
    table = table_of([row], Facts._fields, ["outcome", "reason"], "collect")
    publish_rules(house, staff(), default_draft() | {"table": table}, based_on=0)
    assert house.place(ann, LARGE).order.review == ""
    house.clock.at += 5_000
    assert house.place(ann, LARGE).order.review == "RISK"
    assert house.risk_rules.rules().version == 1 != default_rules().version
