"""Decide again what was decided (PY5): to prove that decisions replay, and to try rules on past orders."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from octane.channels.port import PaymentMethod
from octane.routing.decide import replay
from octane.routing.decisions import Candidate, Decision
from octane.routing.rules import RuleSet
from octane.routing.stored import DecisionUnreadableError, from_json, to_json

UNREADABLE = "unreadable"
NO_RULES = "its rules are not at hand"
OTHER_RULES = "the rules at hand under its version are others"
OTHER_ANSWER = "another answer"


class Difference(NamedTuple):
    attempt_no: str
    why: str
    stored: PaymentMethod | None = None
    replayed: PaymentMethod | None = None


class ReplayReport(NamedTuple):
    total: int
    identical: int
    different: tuple[Difference, ...]

    def __str__(self) -> str:
        share = 100 * self.identical / self.total if self.total else 100.0
        head = f"{self.total} decisions replayed, {self.identical} identical ({share:.4g} %)"
        lines = (
            f"  {found.attempt_no}: {found.why} (stored {found.stored}, replayed {found.replayed})"
            for found in self.different
        )
        return "\n".join((head, *lines))


class Change(NamedTuple):
    """A decision that other rules would take otherwise. Costs are in millionths of a fen, None without a
    winner."""

    attempt_no: str
    before: PaymentMethod | None
    after: PaymentMethod | None
    before_microfen: int | None
    after_microfen: int | None


class DryRun(NamedTuple):
    total: int
    changed: tuple[Change, ...]
    cost_microfen: int
    """By how much the sum of the expected costs changes, over the decisions with a winner on both sides."""
    lost: int
    """Decisions that had a winner and would have none."""
    gained: int
    unreadable: int


def replay_all(decisions: Iterable[str | bytes], rules: Mapping[int, RuleSet]) -> ReplayReport:
    """Replay each stored decision under the version that it names and compare every byte."""
    total, different = 0, []
    for text in decisions:
        total += 1
        difference = _difference(text, rules)
        if difference is not None:
            different.append(difference)
    return ReplayReport(total, total - len(different), tuple(different))


def _difference(text: str | bytes, rules: Mapping[int, RuleSet]) -> Difference | None:
    try:
        decision = from_json(text)
    except DecisionUnreadableError:
        return Difference("?", UNREADABLE)
    attempt_no, version = decision.request.attempt_no, rules.get(decision.rules_version)
    if version is None:
        return Difference(attempt_no, NO_RULES, decision.winner)
    if version.digest != decision.rules_digest:
        return Difference(attempt_no, OTHER_RULES, decision.winner)
    again = replay(decision, version)
    if to_json(again) == to_json(decision):
        return None
    return Difference(attempt_no, OTHER_ANSWER, decision.winner, again.winner)


def dry_run(decisions: Iterable[str | bytes], candidate: RuleSet) -> DryRun:
    """What these rules would have decided, asked and knowing the same."""
    total, unreadable, cost, changed = 0, 0, 0, []
    for text in decisions:
        total += 1
        try:
            decision = from_json(text)
        except DecisionUnreadableError:
            unreadable += 1
            continue
        change = _change(decision, replay(decision, candidate))
        if change.before_microfen is not None and change.after_microfen is not None:
            cost += change.after_microfen - change.before_microfen
        if change.before is not change.after:
            changed.append(change)
    lost = sum(change.after is None for change in changed)
    gained = sum(change.before is None for change in changed)
    return DryRun(total, tuple(changed), cost, lost, gained, unreadable)


def _change(before: Decision, after: Decision) -> Change:
    return Change(before.request.attempt_no, before.winner, after.winner, _cost_of(before), _cost_of(after))


def _cost_of(decision: Decision) -> int | None:
    won: Iterator[Candidate] = (c for c in decision.candidates if c.method is decision.winner)
    return next((candidate.cost_microfen for candidate in won), None)
