"""The rules' table is read more strictly than any other: what never hits, or always, is refused (RK4)."""

import json
from typing import Any

import pytest

from octane.risk.defaults import ROWS, default_draft, default_rules
from octane.risk.facts import DEFAULTS, MOST, VOCABULARY, Facts
from octane.risk.publishing import read_checked
from octane.risk.rules import GRAVITY, Outcome
from octane.risk.table import MAX_RULES, ORDINARY, compiled
from octane.rulebook.documents import MAX_BYTES, table_of
from octane.rulebook.errors import RulesInvalidError, RulesTableError, RulesUnreadableError

GOOD = {"outcome": '"HOLD"', "reason": '"SOME_REASON"', "amount_fen": "> 5"}


def draft(*rows: dict[str, str], **changes: Any) -> str:
    table = table_of(rows, Facts._fields, ["outcome", "reason"], "collect")
    return json.dumps(default_draft() | {"table": table} | changes)


def check(text: str) -> None:
    read_checked(text, 1, 0, "tests")


def test_the_built_in_rules_are_fifty_and_can_be_published() -> None:
    assert len(ROWS) >= 50
    assert len({reason for _, reason, _ in ROWS}) == len(ROWS)
    check(json.dumps(default_draft()))


def test_every_built_in_rule_can_hit_alone() -> None:
    """Facts that satisfy a row's cells make it hit, whatever else is ordinary."""
    find = compiled(default_rules().table)
    for outcome, reason, cells in ROWS:
        facts = DEFAULTS._replace(**{field: _some(field, cell) for field, cell in cells.items()})
        assert (outcome, reason) in {(rule.outcome.value, rule.reason) for rule in find(facts)}, reason


def _some(field: str, cell: str) -> str | int:
    if field in VOCABULARY:
        return cell.split('"')[1]
    number = int("".join(c for c in cell.partition("..")[0] if c.isdigit()))
    return number + (cell.startswith("> ")) - (cell.startswith("<"))


def test_the_most_ordinary_order_is_allowed() -> None:
    assert compiled(default_rules().table)(ORDINARY) == ()


@pytest.mark.parametrize(
    "cell",
    [">= 5 and < 5", "> 5 and <= 5", "[5..3]", "(5..5]", "< 0", "== 5 and == 6", "(5..6)"],
)
def test_a_number_that_there_is_not_is_refused(cell: str) -> None:
    with pytest.raises(RulesTableError, match=r"amount_fen.*can never hold"):
        check(draft(GOOD | {"amount_fen": cell}))


def test_an_hour_of_the_day_ends_at_23() -> None:
    check(draft(GOOD | {"hour": ">= 23"}))
    with pytest.raises(RulesTableError, match="can never hold"):
        check(draft(GOOD | {"hour": f"> {MOST['hour']}"}))


POSSIBLE = [">= 5 and < 10", "1, 2, >= 9", "[0..5], 7", "== 0", "!= 3", "< 5 or > 9", ">=5"]


@pytest.mark.parametrize("cell", POSSIBLE)
def test_conditions_that_can_hold_are_taken(cell: str) -> None:
    check(draft(GOOD | {"amount_fen": cell}))


@pytest.mark.parametrize(
    "cells",
    [
        {"amount_fen": "true"},
        {"amount_fen": "person_1m > 3"},
        {"amount_fen": "> 5 * 3"},
        {"amount_fen": "> 1e3"},
        {"amount_fen": "> -1"},
        {"amount_fen": "> ٣"},
        {"amount_fen": "((((((((((1))))))))))"},
        {"amount_fen": "$ > 5"},
        {"amount_fen": "some([1,2,3], # > 1)"},
        {"amount_fen": "map([0..999999999], # * #)"},
        {"amount_fen": "date('now') > 5"},
        {"amount_fen": "> 5; drop table orders"},
        {"amount_fen": "> 5' OR '1'='1"},
        {"amount_fen": "${jndi:ldap://x}"},
        {"amount_fen": "{{7*7}}"},
        {"amount_fen": '"5"'},
        {"amount_fen": ">= 5 and"},
        {"amount_fen": "> 1 and " * 40 + "> 1"},
        {"grade": "A"},
        {"grade": '"E"'},
        {"grade": '"a"'},
        {"grade": '"A" and "B"'},
        {"grade": '!= "A" or != "B"'},
        {"grade": '"A"; "B"'},
        {"device": "'NEW'"},
        {"outcome": "HOLD"},
        {"outcome": '"ALLOW"'},
        {"outcome": '"KILL"'},
        {"outcome": ""},
        {"reason": '"too low"'},
        {"reason": '"<script>"'},
        {"reason": ""},
        {"amount_fen": ""},
    ],
    ids=lambda cells: f"{next(iter(cells))} {next(iter(cells.values()))[:24]}",
)
def test_what_is_no_condition_is_refused(cells: dict[str, str]) -> None:
    with pytest.raises(RulesTableError):
        check(draft(GOOD | cells))


def test_two_rows_on_the_same_conditions_are_refused() -> None:
    with pytest.raises(RulesTableError, match=r"rules\[1\]: its conditions are those of rules\[0\]"):
        check(draft(GOOD, GOOD | {"outcome": '"BLOCK"', "amount_fen": "  >  5 "}))


def test_rules_that_block_everybody_are_refused() -> None:
    with pytest.raises(RulesTableError, match="ordinary"):
        check(draft(GOOD | {"outcome": '"BLOCK"'}))
    check(draft(GOOD | {"outcome": '"BLOCK"', "amount_fen": "> 10000"}))


def test_unknown_facts_and_too_many_rows_are_refused() -> None:
    unknown = table_of([GOOD | {"mood": "> 3"}], ["amount_fen", "mood"], ["outcome", "reason"], "collect")
    with pytest.raises(RulesTableError, match="'mood' is none of"):
        check(json.dumps(default_draft() | {"table": unknown}))
    rows = [GOOD | {"amount_fen": f"> {number + 9}"} for number in range(MAX_RULES + 1)]
    check(draft(*rows[:-1]))
    with pytest.raises(RulesTableError, match=f"at most {MAX_RULES}"):
        check(draft(*rows))


@pytest.mark.parametrize("policy", ["first", "unique"])
def test_another_hit_policy_is_refused(policy: Any) -> None:
    table = table_of([GOOD], Facts._fields, ["outcome", "reason"], policy)
    with pytest.raises(RulesTableError, match="collect"):
        check(json.dumps(default_draft() | {"table": table}))


def test_a_graph_with_a_loop_or_a_function_is_refused() -> None:
    table = json.loads(draft(GOOD))["table"]
    edge = {"id": "l", "type": "edge", "sourceId": "terms", "targetId": "terms"}
    loop = {**table, "edges": [*table["edges"], edge]}
    check(draft(table=loop))  # whatever the graph says, only the table's rows are taken
    node = {"id": "f", "type": "functionNode", "content": "for(;;){}"}
    with pytest.raises(RulesTableError, match="one input, one decision table"):
        check(draft(table={**table, "nodes": [*table["nodes"], node]}))


LIMITS = default_draft()["limits"]


@pytest.mark.parametrize(
    ("limits", "path"),
    [
        ({}, "limits.A: missing"),
        (LIMITS | {"E": LIMITS["A"]}, "limits.E: unknown"),
        (LIMITS | {"A": {}}, "limits.A.daily_fen: missing"),
        (LIMITS | {"A": LIMITS["A"] | {"single_fen": -1}}, "limits.A.single_fen"),
        (LIMITS | {"A": LIMITS["A"] | {"daily_fen": 1}}, "limits.A.daily_fen"),
        (LIMITS | {"A": LIMITS["A"] | {"orders_per_day": True}}, "limits.A.orders_per_day"),
        (LIMITS | {"A": LIMITS["A"] | {"orders_per_hour": 1.5}}, "limits.A.orders_per_hour"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_limits_are_read_strictly(limits: Any, path: str) -> None:
    with pytest.raises(RulesInvalidError, match=path.replace(".", r"\.")):
        check(draft(GOOD, limits=limits))


def test_what_is_no_document_is_refused() -> None:
    for text in ("", "[]", "{", "[" * 60_000, json.dumps({"x": "y" * MAX_BYTES})):
        with pytest.raises(RulesUnreadableError):
            check(text)


def test_the_gravest_outcome_is_the_last() -> None:
    assert sorted(Outcome, key=GRAVITY.__getitem__) == ["ALLOW", "CHALLENGE", "HOLD", "BLOCK"]
