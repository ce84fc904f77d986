"""Conditions, updates and values as DynamoDB is told them."""

from enum import StrEnum
from typing import Any

import pytest

from octane.store.expressions import Expression, marshal, marshal_item, unmarshal, unmarshal_item
from octane.store.items import Key, Table
from octane.store.writes import (
    Absent,
    AllOf,
    AnyOf,
    AtLeast,
    AtMost,
    Condition,
    Exists,
    Is,
    Missing,
    OneOf,
    Update,
    all_of,
    any_of,
)

KEY = Key(Table.ORDERS, "P", "A")


class Colour(StrEnum):
    RED = "red"


def spelled(expression: Expression, text: str) -> str:
    """Put names and values back where their placeholders stand, longest first."""
    for placeholder, value in sorted(expression.values.items(), reverse=True):
        text = text.replace(placeholder, str(next(iter(value.values()))))
    for placeholder, name in sorted(expression.names.items(), reverse=True):
        text = text.replace(placeholder, name)
    return text


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (Absent(), "attribute_not_exists(pk)"),
        (Exists(), "attribute_exists(pk)"),
        (Missing("a"), "attribute_not_exists(a)"),
        (Is("a", "x"), "a = x"),
        (OneOf("a", (1, 2)), "a IN (1, 2)"),
        (AtLeast("a", 5), "a >= 5"),
        (AtMost("a", 5), "a <= 5"),
        (AllOf((Exists(), Is("a", 1))), "(attribute_exists(pk) AND a = 1)"),
        (AnyOf((Absent(), Is("a", 1))), "(attribute_not_exists(pk) OR a = 1)"),
        (any_of(all_of(Is("a", 1), Is("b", 2)), Is("a", 3)), "((a = 1 AND b = 2) OR a = 3)"),
        (all_of(Is("a", 1)), "a = 1"),
        (all_of(any_of(Is("a", 1), Is("a", 2))), "(a = 1 OR a = 2)"),
    ],
    ids=repr,
)
def test_condition(condition: Condition, text: str) -> None:
    expression = Expression()
    assert spelled(expression, expression.condition(condition)) == text


def test_update_has_each_clause_once() -> None:
    expression = Expression()
    update = Update(KEY, Exists(), {"a": 1, "b": "x"}, {"c": 2, "d": -3}, ("e", "f"))
    assert spelled(expression, expression.update(update)) == "SET a = 1, b = x ADD c 2, d -3 REMOVE e, f"


def test_a_name_is_told_once_and_may_hold_anything() -> None:
    expression = Expression()
    text = expression.condition(all_of(Is("a.b-c 余", 1), Is("a.b-c 余", 2), Missing("x")))
    assert text == "(#0 = :0 AND #0 = :1 AND attribute_not_exists(#1))"
    assert expression.parameters() == {
        "ExpressionAttributeNames": {"#0": "a.b-c 余", "#1": "x"},
        "ExpressionAttributeValues": {":0": {"N": "1"}, ":1": {"N": "2"}},
    }


def test_no_values_are_told_when_there_are_none() -> None:
    expression = Expression()
    expression.condition(Absent())
    assert expression.parameters() == {"ExpressionAttributeNames": {"#0": "pk"}}


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        ("a", {"S": "a"}),
        (Colour.RED, {"S": "red"}),
        (5, {"N": "5"}),
        (-(10**30), {"N": "-1" + "0" * 30}),
        (True, {"BOOL": True}),
        (False, {"BOOL": False}),
        (None, {"NULL": True}),
        (b"\x00", {"B": b"\x00"}),
        ([1, ["x"]], {"L": [{"N": "1"}, {"L": [{"S": "x"}]}]}),
        ({"a": {"b": None}}, {"M": {"a": {"M": {"b": {"NULL": True}}}}}),
    ],
    ids=repr,
)
def test_a_value_there_and_back(value: Any, wire: dict[str, Any]) -> None:
    assert marshal(value) == wire
    assert unmarshal(wire) == value
    assert unmarshal_item(marshal_item({"name": value})) == {"name": value}


@pytest.mark.parametrize("value", [1.5, (1,), {1}, 1j, [0.5], {"a": 0.5}], ids=repr)
def test_a_value_that_no_table_holds(value: Any) -> None:
    with pytest.raises(TypeError):
        marshal(value)


def test_a_kind_that_is_never_written_is_not_read() -> None:
    with pytest.raises(TypeError):
        unmarshal({"SS": ["a"]})
