"""A decision as JSON: small, exact, and read back strictly (PY5)."""

from collections.abc import Mapping
from typing import Any

import orjson

from octane.channels.port import ChannelName, PaymentMethod
from octane.kernel.clock import Instant
from octane.kernel.errors import InputError
from octane.kernel.money import Fen
from octane.routing.decisions import (
    Candidate,
    Circuit,
    Decision,
    Exclusion,
    Health,
    Reason,
    RouteRequest,
)
from octane.routing.rules import Platform

FORM = 1
"""The first field: a later form can be told apart."""
NAMES = ("form", "request", "rules", "draw", "at", "health", "left", "candidates", "winner", "reason")


class DecisionUnreadableError(InputError):
    code = "DECISION_UNREADABLE"
    summary = "The stored routing decision cannot be read."


def to_json(decision: Decision) -> bytes:
    """Write a decision: under 2 KB with every method there is. Lists are in the order of the fields."""
    return orjson.dumps(
        {
            "form": FORM,
            "request": tuple(decision.request),
            "rules": [decision.rules_version, decision.rules_digest],
            "draw": decision.draw,
            "at": decision.decided_at,
            "health": {channel: tuple(state) for channel, state in decision.health.items()},
            "left": decision.left,
            "candidates": [tuple(candidate) for candidate in decision.candidates],
            "winner": decision.winner,
            "reason": decision.reason,
        },
        option=orjson.OPT_NON_STR_KEYS,
    )


def from_json(text: str | bytes) -> Decision:
    """Read it back, equal to what was written, or raise `DecisionUnreadableError`."""
    try:
        decision = _decision(orjson.loads(text))
        exact = to_json(decision) == (text.encode() if isinstance(text, str) else text)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise DecisionUnreadableError from None
    if not exact:  # a bool for a number, another order of names, a field too many: not what we wrote
        raise DecisionUnreadableError
    return decision


def _decision(fields: Mapping[str, Any]) -> Decision:
    if tuple(fields) != NAMES or fields["form"] != FORM:
        raise DecisionUnreadableError
    version, digest = fields["rules"]
    _whole(version, fields["draw"], fields["at"], *fields["left"].values())
    return Decision(
        request=_request(*fields["request"]),
        rules_version=version,
        rules_digest=digest,
        draw=fields["draw"],
        decided_at=Instant(fields["at"]),
        health={ChannelName(name): _health(*state) for name, state in fields["health"].items()},
        left={ChannelName(name): left for name, left in fields["left"].items()},
        candidates=tuple(_candidate(*candidate) for candidate in fields["candidates"]),
        winner=None if fields["winner"] is None else PaymentMethod(fields["winner"]),
        reason=Reason(fields["reason"]),
    )


def _request(  # noqa: PLR0917  the stored list's order
    attempt_no: str,
    platform: str,
    amount: int,
    currency: str,
    merchant: str,
    payers: list[str],
    tried: list[str],
    exhausted: list[str],
    probing: str | None,
) -> RouteRequest:
    _whole(amount)
    if not all(isinstance(text, str) for text in (attempt_no, currency, merchant)):
        raise DecisionUnreadableError
    payers_, tried_, exhausted_ = (
        tuple(ChannelName(name) for name in names) for names in (payers, tried, exhausted)
    )
    return RouteRequest(
        attempt_no,
        Platform(platform),
        Fen(amount),
        currency,
        merchant,
        payers_,
        tried_,
        exhausted_,
        None if probing is None else ChannelName(probing),
    )


def _health(circuit: str, success_ppm: int, latency_ms: int, cooling: bool) -> Health:
    _whole(success_ppm, latency_ms)
    return Health(Circuit(circuit), success_ppm, latency_ms, cooling)


def _candidate(
    method: str, excluded: str | None, row: int, fee_microfen: int, cost_microfen: int, priority: int
) -> Candidate:
    _whole(row, fee_microfen, cost_microfen, priority)
    reason = None if excluded is None else Exclusion(excluded)
    return Candidate(PaymentMethod(method), reason, row, fee_microfen, cost_microfen, priority)


def _whole(*numbers: object) -> None:
    if not all(type(number) is int for number in numbers):
        raise DecisionUnreadableError
