"""Rules that make a company misbehave: pure data, consumed in the order in which they were given.

A rule names an operation (or `*`), one effect, optionally one key (out_trade_no, openid, card number …), and
how many times it applies (`count`, without one: for ever). Each effect is what a real counterpart may do.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Effect(StrEnum):
    DELAY = "delay"
    """Answer: wait `ms` before taking effect. Notice: wait `ms` before the first delivery."""
    DELAY_ANSWER = "delay_answer"
    """Take effect at once, answer after `ms`."""
    DROP_BEFORE = "drop_before"
    """Cut the connection; nothing happened."""
    DROP_AFTER = "drop_after"
    """Take effect, then cut the connection."""
    STATUS = "status"
    """Answer `status` (429, 500, 503 …) without taking effect; `after` makes it take effect first."""
    GARBAGE = "garbage"
    """Billers: take effect, and answer what nobody can read."""
    REFUSE = "refuse"
    """Answer the business error `code` without taking effect."""
    STAY = "stay"
    """Accept, and stay in progress until the control plane ends it (recharge, refund)."""
    FAIL = "fail"
    """Accept, and end in failure (recharge: state 9; refund: `code`, ABNORMAL unless told)."""
    LOSE = "lose"
    """Never send the notice at all."""
    REORDER = "reorder"
    """Hold the notice until a later one has been sent, at most `ms`."""
    DUPLICATE = "duplicate"
    """Send `times` more letters of the same notice at the same moment, each signed anew."""
    REPLAY = "replay"
    """Send the identical bytes and headers `times` more after the first was answered."""
    WRONG_SIGNATURE = "wrong_signature"
    """Sign the answer or the letter with a key that is not the announced one."""
    WRONG_AMOUNT = "wrong_amount"
    """Tell `amount_fen` in the letter; the signature is right."""
    STALE = "stale"
    """Date the letter `ms` back; the signature is right."""
    PROBE = "probe"
    """Send a WECHATPAY/SIGNTEST/ signature, as the channel does to test its merchants."""


ANSWERING = frozenset(
    {
        Effect.DELAY, Effect.DELAY_ANSWER, Effect.DROP_BEFORE, Effect.DROP_AFTER, Effect.STATUS,
        Effect.REFUSE, Effect.STAY, Effect.FAIL, Effect.WRONG_SIGNATURE, Effect.GARBAGE,
    }
)  # fmt: skip
POSTING = frozenset({Effect.LOSE, Effect.DELAY, Effect.REORDER})
"""Decided once per notice."""
WRITING = frozenset(
    {
        Effect.DUPLICATE, Effect.REPLAY, Effect.WRONG_SIGNATURE, Effect.WRONG_AMOUNT, Effect.STALE,
        Effect.PROBE,
    }
)  # fmt: skip
"""Decided at each delivery."""

LEAST_STATUS, MOST_STATUS = 400, 599


@dataclass(slots=True)
class Rule:
    operation: str
    effect: Effect
    key: str | None = None
    count: int | None = None
    """How often it still applies; None: for ever."""
    ms: int = 1_000
    times: int = 1
    status: int | None = None
    code: str = ""
    message: str = ""
    amount_fen: int = 1
    after: bool = False
    used: int = 0

    def view(self) -> dict[str, Any]:
        return asdict(self)


Faults = Mapping[Effect, Rule]


def parse_rule(order: Mapping[str, Any]) -> Rule:
    """A rule from the control plane; raises `ValueError` for an unknown field, effect or type."""
    unknown = set(order) - {name for name in Rule.__slots__ if name != "used"}
    if unknown or not {"operation", "effect"} <= set(order):
        raise ValueError(f"a rule has operation and effect; unknown: {sorted(unknown)}")
    for name in ("count", "ms", "times", "status", "amount_fen"):
        value = order.get(name, 1)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            raise ValueError(f"{name} is a whole number")
    if not LEAST_STATUS <= (order.get("status") or LEAST_STATUS) <= MOST_STATUS:
        raise ValueError("status is an error status")
    if not isinstance(order.get("after", False), bool):
        raise ValueError("after is true or false")
    for name in ("operation", "key", "code", "message"):
        if not isinstance(order.get(name, ""), str | None):
            raise ValueError(f"{name} is text")
    return Rule(**{**order, "effect": Effect(order["effect"])})


class Rules:
    """The rules in force."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []

    def add(self, rule: Rule) -> None:
        self._rules.append(rule)

    def clear(self) -> None:
        self._rules.clear()

    def view(self) -> list[dict[str, Any]]:
        return [rule.view() for rule in self._rules]

    def take(self, operation: str, keys: frozenset[str], effects: frozenset[Effect]) -> Faults:
        """The faults for one occasion, at most one of each effect; each is counted as used."""
        taken: dict[Effect, Rule] = {}
        for rule in self._rules:
            if (
                rule.effect in effects
                and rule.effect not in taken
                and rule.operation in ("*", operation)
                and (rule.key is None or rule.key in keys)
                and (rule.count is None or rule.used < rule.count)
            ):
                rule.used += 1
                taken[rule.effect] = rule
        return taken
