"""What became of orders, told back: by it a person's grade moves, and what is known of each rule (RK3).

The worker reads the ledger's stream. An order tells once (`OUTCOME#…` in the same transaction), so a message
that comes twice counts once. A grade moves one step at a time, upwards after `RISE_ORDERS` good orders within
at least `RISE_DAYS`, downwards by one that went ill, at most once a day.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from octane.audit.acts import record, system_act
from octane.kernel.clock import Clock, Instant
from octane.kernel.errors import StateError
from octane.kernel.signals import Signals
from octane.risk.decisions import find_decision
from octane.risk.facts import Grade
from octane.risk.seen import DAY_MS, number, person_key
from octane.risk.sight import grade_of
from octane.risk.suggestions import count_reasons
from octane.store.items import Item, Key, Table, Value
from octane.store.store import Store, until_settled
from octane.store.writes import Absent, Is, Missing, Put, Update, Write

RISE_ORDERS = 20
RISE_DAYS = 30
TELLING: Mapping[str, bool] = {
    "recharge_succeeded": True,
    "wallet_credited": True,
    "refund_granted": False,
    "recharge_contradicted": False,
    "review_refused": False,
}
"""Kinds of ledger entries that say how an order went; others say nothing of the person. A review's end is one
only when a person refused the order: its proof begins with `REVIEW_REFUSED`."""
REVIEW_ENDED, REVIEW_REFUSED = "review_ended", "REVIEW_REFUSED"
GRADES = tuple(Grade)


class ToldError(StateError):
    """This order has told that already. Caught here; it reaches nobody."""

    code = "OUTCOME_TOLD"


class Told(NamedTuple):
    order_id: str
    kind: str
    at: Instant


class OutcomeDeps(Protocol):
    @property
    def clock(self) -> Clock: ...
    @property
    def store(self) -> Store: ...
    @property
    def signals(self) -> Signals: ...


def told_by(order_id: str, kind: str, proof: str, at: Instant) -> Told:
    """What a ledger entry tells."""
    if kind == REVIEW_ENDED and proof.startswith(REVIEW_REFUSED):
        kind = "review_refused"
    return Told(order_id, kind, at)


def learn_outcomes(deps: OutcomeDeps, told: Iterable[Told]) -> int:
    """Learn from what happened; return how many orders told something new."""
    return sum(until_settled(lambda one=one: _learn(deps, one)) for one in told if one.kind in TELLING)  # type: ignore[misc]


def _learn(deps: OutcomeDeps, told: Told) -> bool:
    """Up to three AWS calls: the decision, the person, and one transaction."""
    decision = find_decision(deps.store, told.order_id)
    if decision is None:
        return False
    user_id, good, now = decision.tags.user_id, TELLING[told.kind], deps.clock.now()
    person = deps.store.get(person_key(user_id)) or {}
    once = Key(Table.RISK, told.order_id, f"OUTCOME#{told.kind}")
    before = grade_of(person)
    after, counts = moved(person, good, now)
    version = number(person, "outcomes")
    writes: list[Write] = [
        Put(once, {"at": told.at}, when=Absent(), otherwise=ToldError()),
        Update(
            person_key(user_id),
            when=Is("outcomes", version) if version else Missing("outcomes"),
            assign={**counts, "grade": after.value},
            add={"outcomes": 1},
        ),
    ]
    if decision.verdict.reasons:
        writes.append(count_reasons(decision.version, decision.verdict.reasons, good=good))
    if after is not before:
        reason = f"{before.value} to {after.value}: {told.kind}"
        act = system_act("move_risk_grade", user_id, f"{told.order_id}#{told.kind}", now, reason=reason)
        writes.append(record(act))
    try:
        deps.store.commit(*writes)
    except ToldError:
        return False
    if GRADES.index(after) > GRADES.index(before):
        deps.signals.count("GradeLowered", grade=after.value)
    return True


def moved(person: Item, good: bool, now: Instant) -> tuple[Grade, dict[str, Value]]:
    """The grade after one more outcome, and the counts since its last move."""
    grade, since = grade_of(person), number(person, "graded_at", now)
    place = GRADES.index(grade)
    well, ill = number(person, "well") + good, number(person, "ill") + (not good)
    rises = good and ill == 0 and well >= RISE_ORDERS and now - since >= RISE_DAYS * DAY_MS
    falls = not good and now - number(person, "lowered_at") >= DAY_MS
    step = -1 if rises else 1 if falls else 0
    to = GRADES[min(max(place + step, 0), len(GRADES) - 1)]
    if step:
        return to, {"well": 0, "ill": 0, "graded_at": now, **({"lowered_at": now} if falls else {})}
    return grade, {"well": well, "ill": ill, "graded_at": since}
