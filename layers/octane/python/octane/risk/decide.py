"""Decide: a pure function of facts and rules, so that the same version says the same again (RK2, RK4)."""

from typing import NamedTuple

import orjson

from octane.kernel.clock import Instant
from octane.kernel.errors import InputError
from octane.risk.facts import Facts, facts_in, written
from octane.risk.rules import GRAVITY, Outcome, RuleSet


class DecisionUnreadableError(InputError):
    code = "RISK_DECISION_UNREADABLE"
    summary = "The stored risk decision cannot be read."


class Tags(NamedTuple):
    """Whom a decision was about, by ids and digests of our own."""

    user_id: str
    account_id: str
    device: str = ""
    ip: str = ""
    card: str = ""


class Verdict(NamedTuple):
    outcome: Outcome
    reasons: tuple[str, ...] = ()
    """Codes of all rules that hit, in the table's order."""


class Decision(NamedTuple):
    """One decision as it is stored with its order."""

    order_id: str
    at: Instant
    version: int
    digest: str
    facts: Facts
    verdict: Verdict
    tags: Tags
    proven: bool = False
    """A step-up answered the challenge."""


def decide(facts: Facts, rules: RuleSet) -> Verdict:
    """Raises `RulesTableError` for a table that was stored past its check."""
    from octane.risk.table import compiled  # noqa: PLC0415  the engine is 25 MB: only who decides pays

    found = compiled(rules.table)(facts)
    outcome = max((rule.outcome for rule in found), key=GRAVITY.__getitem__, default=Outcome.ALLOW)
    return Verdict(outcome, tuple(dict.fromkeys(rule.reason for rule in found)))


def replays(decision: Decision, rules: RuleSet) -> bool:
    """Whether these are the rules that it was taken under, and they say the same again."""
    return decision.digest == rules.digest and decide(decision.facts, rules) == decision.verdict


def to_json(decision: Decision) -> str:
    """Write a decision, under 1 KB with its keys: it costs one write unit (two in a transaction)."""
    return orjson.dumps(
        {
            "at": decision.at,
            "rules": [decision.version, decision.digest],
            "facts": written(decision.facts),
            "verdict": tuple(decision.verdict),
            "tags": tuple(decision.tags),
            "proven": decision.proven,
        }
    ).decode()


def from_json(order_id: str, text: str) -> Decision:
    """Read it back, or raise `DecisionUnreadableError`."""
    try:
        fields = orjson.loads(text)
        (version, digest), (outcome, reasons) = fields["rules"], fields["verdict"]
        return Decision(
            order_id=order_id,
            at=Instant(fields["at"]),
            version=version,
            digest=digest,
            facts=facts_in(fields["facts"]),
            verdict=Verdict(Outcome(outcome), tuple(reasons)),
            tags=Tags(*fields["tags"]),
            proven=fields["proven"],
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        raise DecisionUnreadableError from None
