"""Risk rules as staff handle them: read, publish, go back, try on past decisions first (RK4)."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from octane.audit.acts import act_of, record
from octane.kernel.caller import READS_RISK, SETS_RISK, Caller
from octane.kernel.clock import Clock
from octane.kernel.errors import InputError
from octane.kernel.ids import ID_LENGTH
from octane.risk.decide import Decision, Verdict, decide, from_json
from octane.risk.defaults import default_rules
from octane.risk.rules import Outcome, RuleSet, read_rules
from octane.risk.suggestions import Suggestion, counts_key, suggestion_for
from octane.rulebook.documents import draft_text, stamped
from octane.rulebook.errors import RulesNotFoundError, RulesSupersededError
from octane.rulebook.versions import current_key, put_in_force, version_key
from octane.store.items import Item, Key, Table
from octane.store.store import Store

MOST_ORDERS = 100
SUBJECT = "RULES#RISK"


class OrdersNumberError(InputError):
    code = "ORDERS_NUMBER_INVALID"
    summary = "Name 1 to 100 orders by their ids."


class RulesDeps(Protocol):
    @property
    def clock(self) -> Clock: ...
    @property
    def store(self) -> Store: ...


class InForce(NamedTuple):
    rules: RuleSet
    suggestion: Suggestion | None
    """A draft for a person to look at; nothing ever publishes it by itself (RK3)."""


class Change(NamedTuple):
    order_id: str
    before: Verdict
    after: Verdict


class DryRun(NamedTuple):
    total: int
    changed: tuple[Change, ...]
    outcomes: Mapping[Outcome, int]
    """What the draft makes of all of them."""


def current_rules(store: Store) -> RuleSet:
    """Read the rules in force, from the table itself."""
    return _rules_in(store.get(current_key(Table.RISK)))


def rules_of(store: Store, version: int) -> RuleSet:
    """Read one version, or raise `RulesNotFoundError`; 0 is the built-in one."""
    if version == 0:
        return default_rules()
    item = store.get(version_key(Table.RISK, version))
    if item is None:
        raise RulesNotFoundError
    return _rules_in(item)


def get_rules(deps: RulesDeps, caller: Caller) -> InForce:
    """Return the rules in force and what outcomes suggest. Two AWS calls."""
    caller.must_have(READS_RISK)
    rules = current_rules(deps.store)
    return InForce(rules, suggestion_for(rules, deps.store.get(counts_key(rules.version)) or {}))


def publish_rules(deps: RulesDeps, caller: Caller, draft: Mapping[str, object], based_on: int) -> RuleSet:
    """Put a new version in force, within 5 seconds everywhere. Two AWS calls. Raises a `RulesInvalidError`,
    or `RulesSupersededError` when `based_on` is not in force any more."""
    caller.must_have(SETS_RISK)
    before = _based_on(deps, based_on)
    return _publish(deps, caller, before, draft_text(draft), "publish_risk_rules")


def roll_back(deps: RulesDeps, caller: Caller, to_version: int, based_on: int) -> RuleSet:
    """Put an earlier version in force again, as a new version: history only grows. Three AWS calls. Raises
    `RulesNotFoundError` and as `publish_rules` does."""
    caller.must_have(SETS_RISK)
    before = _based_on(deps, based_on)
    return _publish(deps, caller, before, rules_of(deps.store, to_version).text, "roll_back_risk_rules")


def dry_run(deps: RulesDeps, caller: Caller, draft: Mapping[str, object], orders: Sequence[str]) -> DryRun:
    """Say what a draft would have decided for past orders, knowing what was known. One AWS call, and nothing
    is written; orders that no decision is known of are passed over."""
    caller.must_have(READS_RISK)
    if not 0 < len(orders) <= MOST_ORDERS or not all(0 < len(each) <= ID_LENGTH for each in orders):
        raise OrdersNumberError
    candidate = read_checked(draft_text(draft), 999_999, 0, caller.user_id)
    keys = [Key(Table.RISK, order_id, "#DECISION") for order_id in dict.fromkeys(orders)]
    found = [from_json(str(item["pk"]), str(item["decision"])) for item in deps.store.batch_get(keys)]
    verdicts = [(decision, decide(decision.facts, candidate)) for decision in found]
    return DryRun(
        len(found),
        tuple(_change(decision, after) for decision, after in verdicts if decision.verdict != after),
        {outcome: sum(after.outcome is outcome for _, after in verdicts) for outcome in Outcome},
    )


def read_checked(draft: str, version: int, at: int, by: str) -> RuleSet:
    """Make a version of a draft, its table compiled; raise a `RulesInvalidError`."""
    from octane.risk.table import compiled  # noqa: PLC0415  the engine is 25 MB

    rules = read_rules(stamped(draft, version, at, by))
    compiled(rules.table)
    return rules


def _publish(deps: RulesDeps, caller: Caller, before: RuleSet, draft: str, action: str) -> RuleSet:
    now = deps.clock.now()
    rules = read_checked(draft, before.version + 1, now, caller.user_id)
    done = act_of(caller, action, SUBJECT, str(rules.version), now, before=before.digest, after=rules.digest)
    writes = put_in_force(Table.RISK, before.version, rules.version, rules.text)
    deps.store.commit(*writes, record(done))
    return rules


def _based_on(deps: RulesDeps, version: int) -> RuleSet:
    before = current_rules(deps.store)
    if before.version != version:
        raise RulesSupersededError
    return before


def _rules_in(item: Item | None) -> RuleSet:
    return default_rules() if item is None else read_rules(str(item["text"]))


def _change(decision: Decision, after: Verdict) -> Change:
    return Change(decision.order_id, decision.verdict, after)
