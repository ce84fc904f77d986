"""A set of risk rules: everything about risk that a person may change without a deployment (RK4).

| part     | what it says                                                                            |
|----------|-----------------------------------------------------------------------------------------|
| `table`  | a decision table (GoRules editor, hit policy `collect`): facts → outcome and reason     |
| `limits` | for each grade: fen of one order, fen and orders of a day, orders of an hour            |

All rows that match count: the gravest outcome is the decision's, all their reasons are kept.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from octane.kernel.clock import Instant
from octane.kernel.money import MAX_FEN, Fen
from octane.risk.facts import Grade
from octane.rulebook.documents import an_object, named, read_version, whole

RULES = ("table", "limits")
LIMITS = ("single_fen", "daily_fen", "orders_per_day", "orders_per_hour")
MOST_ORDERS = 100_000


class Outcome(StrEnum):
    """What becomes of an order, the gravest last."""

    ALLOW = "ALLOW"
    CHALLENGE = "CHALLENGE"
    """Only with one more proof of who it is (ID4)."""
    HOLD = "HOLD"
    """It is placed; once paid, a person looks at it before it is delivered."""
    BLOCK = "BLOCK"
    """Refused, the person frozen, the alliance told."""


GRAVITY: Mapping[Outcome, int] = {outcome: number for number, outcome in enumerate(Outcome)}


class Limits(NamedTuple):
    """What a grade may order (RK1)."""

    single_fen: Fen
    daily_fen: Fen
    orders_per_day: int
    orders_per_hour: int


class RuleSet(NamedTuple):
    """One version, immutable. `text` is the whole document as it is stored."""

    version: int
    """0 is the one built in; the first published one is 1."""
    published_at: Instant
    published_by: str
    digest: str
    """Of the rules themselves, without who published them and when."""
    text: str
    table: str
    limits: Mapping[Grade, Limits]


def read_rules(text: str) -> RuleSet:
    """Read a published rule set; raise a `RulesInvalidError`."""
    version, fields = read_version(text, RULES)
    return RuleSet(*version, _limits(fields["limits"]))


def _limits(value: object) -> dict[Grade, Limits]:
    fields = an_object(value, "limits")
    named(fields, "limits.", tuple(Grade))
    return {grade: _limit(fields[grade], f"limits.{grade}") for grade in Grade}


def _limit(value: object, path: str) -> Limits:
    fields = an_object(value, path)
    named(fields, f"{path}.", LIMITS)
    single = whole(fields, f"{path}.", "single_fen", 0, MAX_FEN)
    return Limits(
        single_fen=Fen(single),
        daily_fen=Fen(whole(fields, f"{path}.", "daily_fen", single, MAX_FEN)),
        orders_per_day=whole(fields, f"{path}.", "orders_per_day", 0, MOST_ORDERS),
        orders_per_hour=whole(fields, f"{path}.", "orders_per_hour", 0, MOST_ORDERS),
    )
