"""What staff do: rules, lists, freezes. Each change is an act, and only roles that may make it (RK4)."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from unit.risk.conftest import House, person, staff

from octane.identity.revocation import EPOCHS
from octane.identity.users import UserNotFoundError
from octane.kernel.caller import Caller, Role
from octane.kernel.errors import ForbiddenError, OctaneError
from octane.orders.risking import RiskBlockedError
from octane.risk.decisions import DecisionNotFoundError, show_decisions
from octane.risk.defaults import default_draft, default_rules
from octane.risk.facts import Facts, Listing
from octane.risk.freezes import (
    AlreadyFrozenError,
    NotFrozenError,
    SamePersonError,
    freeze_account,
    lift_freeze,
)
from octane.risk.frozen import AccountFrozenError
from octane.risk.lists import ListEntryNotFoundError, ListName, ListValueError, remove_entry, set_entry
from octane.risk.publishing import OrdersNumberError, dry_run, get_rules, publish_rules, roll_back, rules_of
from octane.risk.rules import Outcome
from octane.risk.seen import person_key
from octane.rulebook.documents import table_of
from octane.rulebook.errors import RulesNotFoundError, RulesSupersededError
from octane.store.items import Key, Table

RISK, BOSS = staff(), staff(name="boss")
DEVICE = "device-0001"


def draft(**cells: str) -> dict[str, Any]:
    row = {"outcome": '"HOLD"', "reason": '"TEST_RULE"', **cells}
    return default_draft() | {"table": table_of([row], Facts._fields, ["outcome", "reason"], "collect")}


def acts(house: House) -> list[tuple[str, str, str]]:
    return [
        (str(item["action"]), str(item["actor"]), str(item["pk"]))
        for item in house.engine.items(Table.AUDIT)
        if item["action"] != "place_order"
    ]


def test_versions_follow_each_other(house: House) -> None:
    assert get_rules(house, RISK).rules == default_rules()
    first = publish_rules(house, RISK, draft(amount_fen="> 1"), 0)
    second = publish_rules(house, BOSS, draft(amount_fen="> 2"), 1)
    assert get_rules(house, staff(Role.AUDITOR)).rules == second
    assert [rules_of(house.store, version).digest for version in (1, 2)] == [first.digest, second.digest]
    assert [(a, who) for a, who, _ in acts(house)] == [
        ("publish_risk_rules", RISK.user_id),
        ("publish_risk_rules", BOSS.user_id),
    ]


def test_going_back_is_one_call_and_a_new_version(house: House) -> None:
    publish_rules(house, RISK, draft(amount_fen="> 1"), 0)
    publish_rules(house, RISK, draft(amount_fen="> 2"), 1)
    back = roll_back(house, RISK, 1, 2)
    assert (back.version, back.digest) == (3, rules_of(house.store, 1).digest)
    assert roll_back(house, RISK, 0, 3).digest == default_rules().digest
    assert acts(house)[-1][0] == "roll_back_risk_rules"
    with pytest.raises(RulesNotFoundError):
        roll_back(house, RISK, 9, 4)
    with pytest.raises(RulesSupersededError):
        roll_back(house, RISK, 1, 3)


def test_of_a_crowd_one_publishes(house: House) -> None:
    def publish(number: int) -> str:
        try:
            return f"version {publish_rules(house, RISK, draft(amount_fen=f'> {number}'), 0).version}"
        except OctaneError as error:
            return error.code

    with ThreadPoolExecutor(16) as crowd:
        found = list(crowd.map(publish, range(16)))
    assert sorted(set(found)) == ["RULES_SUPERSEDED", "version 1"]
    assert found.count("version 1") == 1


def test_a_dry_run_says_what_would_change_and_writes_nothing(house: House) -> None:
    ann = house.moves_in(person("ann"))
    orders = [house.place(ann, amount).order.order_id for amount in (10_000, 30_000, 50_000)]
    before = house.engine.items(Table.RISK)
    report = dry_run(house, RISK, draft(amount_fen="> 20000"), [*orders, orders[0], "TUNKNOWN"])
    assert report.total == 3
    assert {
        change.order_id: (change.before.outcome, change.after.outcome) for change in report.changed
    } == dict.fromkeys(orders[1:], (Outcome.ALLOW, Outcome.HOLD))
    assert report.outcomes == {"ALLOW": 1, "CHALLENGE": 0, "HOLD": 2, "BLOCK": 0}
    assert house.engine.items(Table.RISK) == before
    for wrong in ([], ["T"] * 101):
        with pytest.raises(OrdersNumberError):
            dry_run(house, RISK, draft(amount_fen="> 20000"), wrong)


def test_decisions_are_shown_with_their_replay(house: House) -> None:
    ann = house.moves_in(person("ann"))
    publish_rules(house, RISK, draft(amount_fen="> 20000"), 0)
    order_id = house.place(ann, 30_000).order.order_id
    publish_rules(house, RISK, draft(amount_fen="> 90000"), 1)
    [shown] = show_decisions(house, RISK, order_id)
    assert (shown.placed, shown.replayed, shown.decision.version) == (True, True, 1)
    assert shown.decision.verdict == (Outcome.HOLD, ("TEST_RULE",))
    with pytest.raises(DecisionNotFoundError):
        show_decisions(house, RISK, "T" * 26)


def test_a_decision_that_was_tampered_with_does_not_replay(house: House) -> None:
    ann = house.moves_in(person("ann"))
    order_id = house.place(ann, 30_000).order.order_id
    key = Key(Table.RISK, order_id, "#DECISION")
    text = str(house.item(key)["decision"])
    house.put(key, decision=text.replace('"ALLOW",[]', '"HOLD",["USER_WATCHED"]'))
    [shown] = show_decisions(house, RISK, order_id)
    assert not shown.replayed


@pytest.mark.parametrize("listing", [Listing.WATCH, Listing.BLOCK])
@pytest.mark.parametrize("name", list(ListName))
def test_what_is_listed_is_met(house: House, name: ListName, listing: Listing) -> None:
    ann = house.moves_in(person("ann"))._replace(device=DEVICE, ip="203.0.113.7")
    placed = house.place(ann, 30_000).order.order_id
    tags = show_decisions(house, RISK, placed)[0].decision.tags
    value = {
        ListName.USER: ann.user_id,
        ListName.DEVICE: tags.device,
        ListName.IP: "203.0.113.7",
        ListName.CARD: tags.card,
    }[name]
    set_entry(house, RISK, name, value, listing, "case 7")
    try:
        order = house.place(ann, 30_000).order
    except OctaneError as error:
        assert error.code in {"RISK_BLOCKED", "STEP_UP_REQUIRED"}
        assert error.code == "STEP_UP_REQUIRED" or listing is Listing.BLOCK
    else:
        assert order.review == "RISK"
    assert acts(house)[0][:2] == ("change_risk_list", RISK.user_id)


def test_taking_off_a_list_ends_it(house: House) -> None:
    ann = house.moves_in(person("ann"))
    house.place(ann)
    set_entry(house, RISK, ListName.USER, ann.user_id, Listing.WATCH, "case 7")
    assert house.place(ann).order.review == "RISK"
    remove_entry(house, RISK, ListName.USER, ann.user_id, "cleared")
    assert house.place(ann).order.review == ""
    assert "list" not in house.item(person_key(ann.user_id))
    with pytest.raises(ListEntryNotFoundError):
        remove_entry(house, RISK, ListName.USER, ann.user_id, "again")
    assert len({item["act_id"] for item in house.engine.items(Table.AUDIT)}) == 5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (ListName.USER, "U123"),
        (ListName.USER, "D" + "A" * 25),
        (ListName.USER, "RULES"),
        (ListName.DEVICE, DEVICE),
        (ListName.CARD, "1000111100001234567"),
        (ListName.CARD, "N" + "a" * 25),
        (ListName.IP, "203.0.113"),
        (ListName.IP, "1.2.3.4/8"),
        (ListName.IP, "I" + "A" * 25),
        (ListName.USER, "U' OR '1'='1"),
    ],
)
def test_a_value_of_another_form_is_refused(house: House, name: ListName, value: str) -> None:
    with pytest.raises(ListValueError):
        set_entry(house, RISK, name, value, Listing.BLOCK, "x")
    assert not house.engine.items(Table.RISK)


def test_a_freeze_and_its_lifting(house: House) -> None:
    ann, operator = house.moves_in(person("ann")), staff(Role.OPERATOR, "op")

    # When
    frozen = freeze_account(house, operator, ann.user_id, "case 7")

    # Then
    assert (frozen.frozen, frozen.by) == (True, operator.user_id)
    assert house.item(Key(Table.IDENTITY, ann.user_id, "#USER"))["frozen"] is True
    assert any(item["pk"] == EPOCHS for item in house.engine.items(Table.IDENTITY)), "tokens are revoked"
    with pytest.raises(AccountFrozenError):
        house.place(ann)
    with pytest.raises(AlreadyFrozenError):
        freeze_account(house, RISK, ann.user_id, "twice")

    # When
    lift_freeze(house, RISK, ann.user_id, "cleared")

    # Then
    house.place(ann)
    assert "frozen" not in house.item(Key(Table.IDENTITY, ann.user_id, "#USER"))
    assert [action for action, _, _ in acts(house)] == ["freeze_account", "lift_freeze"]
    with pytest.raises(NotFrozenError):
        lift_freeze(house, RISK, ann.user_id, "again")
    house.clock.at += 1
    freeze_account(house, RISK, ann.user_id, "a second time")


def test_who_froze_or_is_frozen_does_not_lift_it(house: House) -> None:
    ann = house.moves_in(person("ann"))
    freeze_account(house, RISK, ann.user_id, "case 7")
    for wrong in (RISK, ann._replace(role=Role.RISK)):
        with pytest.raises(SamePersonError):
            lift_freeze(house, wrong, ann.user_id, "please")
    lift_freeze(house, BOSS, ann.user_id, "cleared")


def test_a_system_freeze_can_be_lifted_by_any_one_of_risk(house: House) -> None:
    ann = house.moves_in(person("ann"))
    set_entry(house, RISK, ListName.USER, ann.user_id, Listing.BLOCK, "case 7")
    with pytest.raises(RiskBlockedError):
        house.place(ann)
    remove_entry(house, RISK, ListName.USER, ann.user_id, "a mistake")
    lift_freeze(house, RISK, ann.user_id, "a mistake")
    house.place(ann)


def test_nobody_who_is_not_there_is_frozen(house: House) -> None:
    with pytest.raises(UserNotFoundError):
        freeze_account(house, RISK, person("nobody"), "x")
    assert not house.engine.items(Table.RISK)
    freeze_account(house, RISK, "E" + "F" * 25, "an enterprise has no login of its own")


@pytest.mark.parametrize("role", [r for r in Role if r is not Role.RISK])
def test_only_risk_sets(house: House, role: Role) -> None:
    other: Caller = staff(role)
    ann = house.moves_in(person("ann"))
    doings = [
        lambda: publish_rules(house, other, draft(amount_fen="> 1"), 0),
        lambda: roll_back(house, other, 0, 0),
        lambda: set_entry(house, other, ListName.USER, ann.user_id, Listing.BLOCK, "x"),
        lambda: remove_entry(house, other, ListName.USER, ann.user_id, "x"),
        lambda: lift_freeze(house, other, ann.user_id, "x"),
    ]
    if role is not Role.OPERATOR:
        doings.append(lambda: freeze_account(house, other, ann.user_id, "x"))
    if role is not Role.AUDITOR:
        doings += [
            lambda: get_rules(house, other),
            lambda: dry_run(house, other, draft(amount_fen="> 1"), ["T"]),
            lambda: show_decisions(house, other, "T"),
        ]
    for do in doings:
        with pytest.raises(ForbiddenError):
            do()
    assert not house.engine.items(Table.RISK)
