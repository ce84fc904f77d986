"""What risk says to an order that is to be placed (RK1, RK2): its limits, its decision, and what follows.

| outcome   | what becomes of the order                                                                  |
|-----------|--------------------------------------------------------------------------------------------|
| ALLOW     | it is placed                                                                               |
| CHALLENGE | it is placed with a step-up that was passed for exactly this, used up in the same commit   |
| HOLD      | it is placed; once paid, a person looks at it (`Order.review`)                             |
| BLOCK     | it is refused, its person frozen, and the alliance told: one commit                        |

A refusal is kept too. The customer is never told which rule it was: whoever tries out rules learns nothing.
"""

from typing import NamedTuple

from octane.audit.acts import system_act
from octane.identity.step_ups import Operation, StepUpRequiredError, use_step_up
from octane.identity.users import AccountFrozenError
from octane.kernel.caller import Caller
from octane.kernel.clock import Instant
from octane.kernel.errors import AmountInvalidError, ForbiddenError
from octane.kernel.money import format_yuan
from octane.orders.deps import Deps
from octane.orders.model import LARGE_AMOUNT, RISK
from octane.risk.counting import check_limits, count_order
from octane.risk.decide import Decision, Tags, decide
from octane.risk.decisions import keep_decision, keep_refusal
from octane.risk.reports import ask_for_report
from octane.risk.rules import Limits, Outcome, RuleSet
from octane.risk.sight import Asked, Sight, facts_of
from octane.store.writes import Write


class AmountOverLimitError(AmountInvalidError):
    code = "AMOUNT_OVER_LIMIT"
    summary = "The amount is over the limit of one order."


class RiskBlockedError(ForbiddenError):
    code = "RISK_BLOCKED"
    summary = "This order cannot be placed; call our service line."


class Given(NamedTuple):
    """What a client sends besides the order."""

    step_up_id: str = ""
    place: str = ""
    """`31.23,121.47`; a hint."""


class Cleared(NamedTuple):
    """An order that may be placed: commit `writes` with it."""

    review: str
    writes: tuple[Write, ...]


def clear(deps: Deps, caller: Caller, asked: Asked, sight: Sight, given: Given, now: Instant) -> Cleared:
    """Hold an order against limits and rules.

    No AWS call for an order that may be placed, one for one that may not. Raises `AccountFrozenError`,
    `AmountOverLimitError`, `TooManyOrdersError`, `DailyLimitError`, `StepUpRequiredError` or
    `RiskBlockedError`.
    """
    if sight.frozen:
        raise AccountFrozenError
    rules = deps.risk_rules.rules()
    limits = _limits(deps, rules, sight)
    if asked.amount > limits.single_fen:
        raise AmountOverLimitError(f"One order is at most {format_yuan(limits.single_fen)} CNY.")
    check_limits(asked, sight, limits, now)
    decision = _decision(asked, sight, rules, now)
    outcome = decision.verdict.outcome
    if outcome is not Outcome.ALLOW:
        deps.signals.count("RiskStopped", outcome=outcome.value)
    proof: tuple[Write, ...] = ()
    if outcome is Outcome.BLOCK:
        _block(deps, decision)
        raise RiskBlockedError
    if outcome is Outcome.CHALLENGE:
        if not given.step_up_id:
            deps.store.commit(keep_refusal(decision))
            raise StepUpRequiredError
        subject = asked.subject
        operation = Operation.PLACE_ORDER
        proof = (use_step_up(caller.user_id, given.step_up_id, operation, subject, asked.amount, now),)
        decision = decision._replace(proven=True)
    return Cleared(
        _review(deps, asked, outcome),
        (*count_order(asked, sight, limits, now), keep_decision(decision), *proof),
    )


def _limits(deps: Deps, rules: RuleSet, sight: Sight) -> Limits:
    limits = rules.limits[sight.grade]
    return limits._replace(orders_per_hour=min(limits.orders_per_hour, deps.settings.orders_per_hour))


def _decision(asked: Asked, sight: Sight, rules: RuleSet, now: Instant) -> Decision:
    facts = facts_of(asked, sight, now)
    tags = Tags(asked.user_id, asked.account_id, asked.device_tag, asked.ip_tag, asked.card)
    return Decision(asked.order_id, now, rules.version, rules.digest, facts, decide(facts, rules), tags)


def _review(deps: Deps, asked: Asked, outcome: Outcome) -> str:
    """A large amount is looked at in any case, and more strictly."""
    if asked.amount > deps.settings.review_limit:
        return LARGE_AMOUNT
    return RISK if outcome is Outcome.HOLD else ""


def _block(deps: Deps, decision: Decision) -> None:
    """Freeze the person, have it reported, and keep why: one commit. Dies it before, the next order is
    blocked the same way; comes it twice, the first one stands."""
    from octane.risk.freezes import AlreadyFrozenError, freeze  # noqa: PLC0415  loads what only a block needs

    now, user_id = decision.at, decision.tags.user_id
    reason = f"order {decision.order_id}"
    act = system_act("freeze_account", user_id, str(now), now, reason=reason)
    try:
        deps.store.commit(
            keep_refusal(decision),
            ask_for_report(decision),
            *freeze(user_id, "system", reason, now, act),
        )
    except AlreadyFrozenError:
        raise AccountFrozenError from None
