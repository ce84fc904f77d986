"""Conditions: true, false, and about what is not there."""

from collections.abc import Callable
from typing import Any

import pytest

from octane.store.engine import ConditionFailed, Engine
from octane.store.items import Key
from octane.store.writes import (
    Absent,
    AllOf,
    AnyOf,
    AtLeast,
    AtMost,
    Check,
    Condition,
    Delete,
    Exists,
    Is,
    Missing,
    OneOf,
    Put,
    Update,
    all_of,
    any_of,
)
from world.engines import MISTAKES, SERIAL, at, put, stored

FLOAT: Any = 1.5


def held(engine: Engine, key: Key, condition: Condition) -> bool:
    """Ask a condition of an item in all four kinds of write; they must agree."""
    note = at(key.pk, f"note{next(SERIAL)}")
    answers = {
        answer_of(lambda: engine.transact((put(note), Check(key, condition)), "")),
        answer_of(lambda: engine.write(Check(key, condition))),
    }
    before = engine.get(key)
    answers.add(answer_of(lambda: engine.write(Update(key, condition, assign={"touched": 1}))))
    if before is not None:
        engine.write(Put(key, before, Exists()))
        answers.add(answer_of(lambda: engine.write(Put(key, before, condition))))
        answers.add(answer_of(lambda: engine.write(Delete(key, condition))))
    assert len(answers) == 1
    assert (engine.get(note) is not None) in answers
    return answers.pop()


def answer_of(call: Callable[[], object]) -> bool:
    try:
        call()
    except ConditionFailed:
        return False
    return True


@pytest.mark.parametrize(
    ("condition", "on_item", "on_other", "on_nothing"),
    [
        (Absent(), False, False, True),
        (Exists(), True, True, False),
        (Is("state", "PENDING"), True, False, False),
        (Is("stock", 7), True, False, False),
        (Is("stock", "7"), False, False, False),
        (Is("flag", True), True, False, False),
        (Is("flag", 1), False, False, False),
        (Is("nothing", None), True, False, False),
        (Is("raw", b"\x00\xff"), True, False, False),
        (Is("parts", [1, {"a": "b"}]), True, False, False),
        (Is("parts", [1, {"a": "c"}]), False, False, False),
        (OneOf("state", ("PAYING", "PENDING")), True, False, False),
        (OneOf("state", ("PAYING",)), False, False, False),
        (AtLeast("stock", 7), True, False, False),
        (AtLeast("stock", 8), False, False, False),
        (AtLeast("stock", -1), True, False, False),
        (AtMost("stock", 7), True, False, False),
        (AtMost("stock", 6), False, False, False),
        (AtMost("state", 7), False, False, False),
        (AtLeast("state", 7), False, False, False),
        (Missing("stock"), False, True, True),
        (Missing("other"), True, True, True),
        (AllOf((Exists(), AtLeast("stock", 1))), True, False, False),
        (AllOf((Exists(), AtLeast("stock", 9))), False, False, False),
        (AnyOf((Absent(), AtLeast("stock", 9))), False, False, True),
        (AnyOf((Missing("stock"), AtLeast("stock", 1))), True, True, True),
        (all_of(any_of(Absent(), Is("stock", 7))), True, False, True),
        (
            all_of(Exists(), any_of(Missing("stock"), all_of(Is("stock", 7), Is("flag", True)))),
            True,
            True,
            False,
        ),
    ],
    ids=repr,
)
def test_condition(
    engine: Engine, pk: str, condition: Condition, on_item: bool, on_other: bool, on_nothing: bool
) -> None:
    stored(
        engine, at(pk, "item"), state="PENDING", stock=7, flag=True, nothing=None, raw=b"\x00\xff",
        parts=[1, {"a": "b"}],
    )  # fmt: skip
    stored(engine, at(pk, "other"), unrelated="x")

    assert held(engine, at(pk, "item"), condition) is on_item
    assert held(engine, at(pk, "other"), condition) is on_other
    assert held(engine, at(pk, "nothing"), condition) is on_nothing


@pytest.mark.parametrize(
    "condition",
    [OneOf("a", ()), AllOf(()), AnyOf(()), AtLeast("a", True), Is("a", FLOAT)],
    ids=repr,
)
def test_condition_that_is_no_expression_is_a_mistake(engine: Engine, pk: str, condition: Condition) -> None:
    stored(engine, at(pk), a=1)
    with pytest.raises(MISTAKES):
        engine.write(Update(at(pk), condition, assign={"b": 1}))
