"""Choose a method: a pure function of what was asked, the rules, and what was last known (PY5).

Hard limits come first and each excluded method keeps its reason. Among the others the lowest expected cost
wins: the fee divided by the success rate, in millionths of a fen and integers throughout. Ties fall to the
higher success rate, then the lower latency, the priority and the name. A small share of attempts explores:
it goes to another channel, so that there is something to compare with.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from octane.channels.port import ChannelName, PaymentMethod
from octane.kernel.clock import Instant
from octane.routing.decisions import (
    Candidate,
    Circuit,
    Decision,
    Exclusion,
    Health,
    Reason,
    RouteRequest,
)
from octane.routing.rules import PPM, MethodRule, RuleSet

if TYPE_CHECKING:
    from octane.routing.table import Matcher, Terms

UNKNOWN_HEALTH = Health()
CHANNEL_OF: Mapping[PaymentMethod, ChannelName] = {method: method.channel for method in PaymentMethod}
"""Read dozens of times in a decision."""
DEAREST = 2**64 - 1
"""The largest integer that a stored decision can hold: 18 trillion fen, and nothing dearer is told apart."""
TIES = (Reason.LOWEST_COST, Reason.HIGHER_SUCCESS, Reason.LOWER_LATENCY, Reason.PRIORITY, Reason.NAME)
"""What the parts of `_rank` mean, in order."""


def draw_of(attempt_no: str) -> int:
    """A number from 0 to 999,999 that the attempt always draws."""
    return int.from_bytes(hashlib.sha256(attempt_no.encode()).digest()[:8], "big") % PPM


def decide(
    request: RouteRequest,
    rules: RuleSet,
    health: Mapping[ChannelName, Health],
    left: Mapping[ChannelName, int],
    draw: int,
    at: Instant,
) -> Decision:
    """Decide. `left` is what each channel's quota still gives (fen), a channel without a quota left out.

    `at` is kept in the decision and decides nothing.
    """
    channels = rules.channels
    known = {channel: health.get(channel, UNKNOWN_HEALTH) for channel in channels}
    seen = {channel: left[channel] for channel in channels if channel in left}
    offered = [rule for rule in rules.methods if _barred(request, rule) is None]
    answers = compiled_table(rules)([_case(request, rule) for rule in offered])
    terms = {rule.method: found for rule, found in zip(offered, answers, strict=True)}
    candidates = tuple(
        _candidate(request, rules, rule, terms.get(rule.method), known[CHANNEL_OF[rule.method]], seen)
        for rule in rules.methods
    )
    eligible = sorted(
        (candidate for candidate in candidates if candidate.excluded is None),
        key=lambda candidate: _rank(candidate, known),
    )
    winner, reason = _choose(request, rules, eligible, known, draw)
    return Decision(
        request=request,
        rules_version=rules.version,
        rules_digest=rules.digest,
        draw=draw,
        decided_at=at,
        health=known,
        left=seen,
        candidates=candidates,
        winner=winner,
        reason=reason,
    )


def replay(decision: Decision, rules: RuleSet) -> Decision:
    """Decide again from what the decision stored. Under the same rules the answer is identical."""
    return decide(decision.request, rules, decision.health, decision.left, decision.draw, decision.decided_at)


def compiled_table(rules: RuleSet) -> "Matcher":
    """The rules' table, ready to be asked; raises `RulesTableError`."""
    from octane.routing.table import compiled  # noqa: PLC0415  the engine is 25 MB: only who decides pays

    return compiled(rules.table)


def _barred(request: RouteRequest, rule: MethodRule) -> Exclusion | None:
    """What the method's own rule says."""
    if request.platform not in rule.platforms:
        return Exclusion.PLATFORM
    if request.currency not in rule.currencies:
        return Exclusion.CURRENCY
    if rule.needs_payer and CHANNEL_OF[rule.method] not in request.payers:
        return Exclusion.PAYER_MISSING
    if request.amount < rule.min_fen:
        return Exclusion.UNDER_MINIMUM
    if request.amount > rule.max_fen:
        return Exclusion.OVER_SINGLE_LIMIT
    return None


def _case(request: RouteRequest, rule: MethodRule) -> tuple[str, str, str, int, str, str]:
    """`table.Case`, in the order of `table.INPUTS`."""
    return (
        request.platform.value,
        rule.method.value,
        CHANNEL_OF[rule.method].value,
        request.amount,
        request.currency,
        request.merchant,
    )


def _candidate(
    request: RouteRequest,
    rules: RuleSet,
    rule: MethodRule,
    terms: "Terms | None",
    health: Health,
    left: Mapping[ChannelName, int],
) -> Candidate:
    excluded = _barred(request, rule) or _refused(request, CHANNEL_OF[rule.method], terms, health, left)
    if terms is None:
        return Candidate(rule.method, excluded)
    fee = max(request.amount * terms.fee_ppm, terms.fee_min_fen * PPM)
    return Candidate(
        method=rule.method,
        excluded=excluded,
        row=terms.row,
        fee_microfen=fee,
        cost_microfen=_expected(fee, health, rules),
        priority=terms.priority,
    )


def _refused(
    request: RouteRequest,
    channel: ChannelName,
    terms: "Terms | None",
    health: Health,
    left: Mapping[ChannelName, int],
) -> Exclusion | None:
    """What the table, the channel's health and its quota say."""
    if terms is None:
        return Exclusion.NO_RULE
    probing = request.probing is channel
    checks = (
        (not terms.enabled, Exclusion.DISABLED),
        (request.amount > terms.max_single_fen, Exclusion.OVER_SINGLE_LIMIT),
        (channel in request.tried, Exclusion.TRIED),
        (health.circuit is not Circuit.CLOSED and not probing, Exclusion.CIRCUIT_OPEN),
        (health.cooling and not probing, Exclusion.COOLING_DOWN),
        (channel in request.exhausted, Exclusion.QUOTA_EXHAUSTED),
        (left.get(channel, request.amount) < request.amount, Exclusion.QUOTA_EXHAUSTED),
    )
    return next((exclusion for holds, exclusion in checks if holds), None)


def _expected(fee: int, health: Health, rules: RuleSet) -> int:
    """Millionths of a fen until it works: the fee and what failures and waiting cost, rounded up."""
    failing = PPM - health.success_ppm
    cost = fee + rules.weights.failure_microfen * failing // PPM
    waiting = rules.weights.latency_microfen_per_ms * health.latency_ms
    return min(-(-cost * PPM // health.success_ppm) + waiting, DEAREST)


def _rank(candidate: Candidate, health: Mapping[ChannelName, Health]) -> tuple[int, int, int, int, str]:
    state = health[CHANNEL_OF[candidate.method]]
    return (
        candidate.cost_microfen,
        -state.success_ppm,
        state.latency_ms,
        candidate.priority,
        candidate.method.value,
    )


def _choose(
    request: RouteRequest,
    rules: RuleSet,
    eligible: list[Candidate],
    health: Mapping[ChannelName, Health],
    draw: int,
) -> tuple[PaymentMethod | None, Reason]:
    if not eligible:
        return None, Reason.NONE_ELIGIBLE
    best = eligible[0].method
    probed = _first(c.method for c in eligible if CHANNEL_OF[c.method] is request.probing)
    if probed is not None:
        return probed, Reason.PROBE
    if len(eligible) == 1:
        return best, Reason.ONLY_ONE
    if draw < rules.exploration_ppm:
        others = [c.method for c in eligible if CHANNEL_OF[c.method] is not CHANNEL_OF[best]]
        if others:
            return others[draw % len(others)], Reason.EXPLORATION
    first, second = _rank(eligible[0], health), _rank(eligible[1], health)
    return best, next(reason for reason, one, two in zip(TIES, first, second, strict=True) if one != two)


def _first(methods: Iterable[PaymentMethod]) -> PaymentMethod | None:
    return next(iter(methods), None)
