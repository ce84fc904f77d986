"""Misbehave rules: which occasion they apply to, and how often."""

from typing import Any

import pytest

from simulators.misbehaviour import ANSWERING, WRITING, Effect, Rules, parse_rule


def rules(*orders: dict[str, Any]) -> Rules:
    made = Rules()
    for order in orders:
        made.add(parse_rule(order))
    return made


def test_a_rule_applies_as_often_as_it_says() -> None:
    made = rules({"operation": "prepay", "effect": "drop_after", "count": 2})
    taken = [Effect.DROP_AFTER in made.take("prepay", frozenset(), ANSWERING) for _ in range(4)]
    assert taken == [True, True, False, False]


def test_a_rule_with_a_key_leaves_others_alone_and_is_not_used_up() -> None:
    made = rules({"operation": "*", "effect": "status", "key": "o1", "count": 1, "status": 503})
    assert not made.take("query", frozenset({"o2"}), ANSWERING)
    assert made.take("query", frozenset({"o1", "x"}), ANSWERING)[Effect.STATUS].status == 503


def test_effects_of_another_moment_are_not_taken() -> None:
    made = rules({"operation": "*", "effect": "delay", "count": 1})
    assert not made.take("payment_notice", frozenset(), WRITING)
    assert made.take("payment_notice", frozenset(), ANSWERING)


def test_one_rule_of_each_effect_at_a_time_in_the_order_given() -> None:
    first = {"operation": "submit", "effect": "refuse", "code": "1", "count": 1}
    made = rules(first, {**first, "code": "2"}, {"operation": "submit", "effect": "delay"})
    codes = [made.take("submit", frozenset(), ANSWERING)[Effect.REFUSE].code for _ in range(2)]
    assert codes == ["1", "2"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"operation": "prepay"},
        {"operation": "prepay", "effect": "explode"},
        {"operation": "prepay", "effect": "delay", "ms": -1},
        {"operation": "prepay", "effect": "delay", "ms": True},
        {"operation": "prepay", "effect": "delay", "used": 1},
        {"operation": "prepay", "effect": "status", "status": 200},
        {"operation": "prepay", "effect": "status", "after": "yes"},
        {"operation": 7, "effect": "delay"},
    ],
)
def test_a_badly_put_rule_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"rule|Effect|whole number|status|after|text"):
        parse_rule(wrong)
