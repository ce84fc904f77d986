"""Decisions in the table: with the order that they let through, or alone when they refused it (RK4).

| key (table risk)                       | item                                     |
|----------------------------------------|------------------------------------------|
| pk: the order, sk: `#DECISION`         | the decision that the order was placed by |
| pk: the order, sk: `#REFUSED#<ms>`     | one that refused it                       |
"""

from typing import NamedTuple, Protocol

from octane.kernel.caller import READS_RISK, Caller
from octane.kernel.errors import NotFoundError
from octane.risk.decide import Decision, from_json, replays, to_json
from octane.risk.publishing import rules_of
from octane.store.items import Key, Query, Table
from octane.store.store import Store
from octane.store.writes import ANYWAY, Absent, Put

SHOWN = 20
PLACED, REFUSED = "#DECISION", "#REFUSED#"


class DecisionNotFoundError(NotFoundError):
    code = "RISK_DECISION_NOT_FOUND"
    summary = "No risk decision is known for this order."


class DecisionDeps(Protocol):
    @property
    def store(self) -> Store: ...


class Shown(NamedTuple):
    """A decision, and whether its version of the rules says the same again."""

    decision: Decision
    placed: bool
    replayed: bool


def decision_key(order_id: str) -> Key:
    return Key(Table.RISK, order_id, PLACED)


def keep_decision(decision: Decision) -> Put:
    """Commit it with the order."""
    return Put(decision_key(decision.order_id), {"decision": to_json(decision)}, when=Absent())


def keep_refusal(decision: Decision) -> Put:
    """Commit it alone, or with the freeze."""
    key = Key(Table.RISK, decision.order_id, f"{REFUSED}{decision.at:015d}")
    return Put(key, {"decision": to_json(decision)}, when=ANYWAY)


def find_decision(store: Store, order_id: str) -> Decision | None:
    """The decision that an order was placed by; None for an order from before there were any."""
    item = store.get(decision_key(order_id))
    return None if item is None else from_json(order_id, str(item["decision"]))


def show_decisions(deps: DecisionDeps, caller: Caller, order_id: str) -> list[Shown]:
    """Every decision about an order id, newest first, each replayed. Two AWS calls, and one more for each
    further version of the rules."""
    caller.must_have(READS_RISK)
    page = deps.store.query(
        Query(Table.RISK, order_id, PLACED, f"{REFUSED}~", newest_first=True, limit=SHOWN)
    )
    if not page.items:
        raise DecisionNotFoundError
    found = [(from_json(order_id, str(item["decision"])), item["sk"] == PLACED) for item in page.items]
    rules = {version: rules_of(deps.store, version) for version in {d.version for d, _ in found}}
    shown = [Shown(d, placed, replays(d, rules[d.version])) for d, placed in found]
    return sorted(shown, key=lambda one: one.decision.at, reverse=True)
