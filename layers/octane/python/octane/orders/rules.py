"""The routing rules as staff handle them (PY5): read, publish, try on past decisions first."""

from collections.abc import Mapping, Sequence

from octane.audit.acts import act_of, record
from octane.kernel.caller import READS_ROUTES, SETS_ROUTES, Caller
from octane.kernel.errors import InputError
from octane.orders.deps import Deps
from octane.orders.model import order_id_in
from octane.orders.routes import decision_key
from octane.routing.publishing import current_rules, publish
from octane.routing.replays import DryRun, dry_run
from octane.routing.rules import RuleSet
from octane.rulebook.documents import draft_text
from octane.rulebook.errors import RulesSupersededError
from octane.store.items import Key

MOST_ATTEMPTS = 100


class AttemptNumberError(InputError):
    code = "ATTEMPT_NUMBER_INVALID"
    summary = "Attempts are named by their numbers (out_trade_no): 1 to 100 of them."


def get_rules(deps: Deps, caller: Caller) -> RuleSet:
    """Return the rules in force. One AWS call."""
    caller.must_have(READS_ROUTES)
    return current_rules(deps.store)


def publish_rules(deps: Deps, caller: Caller, draft: Mapping[str, object], based_on: int) -> RuleSet:
    """Put a new version in force, within seconds everywhere. Raises a `RulesInvalidError`,
    `RulesQuotaFixedError`, or `RulesSupersededError` when `based_on`, the version that the author had before
    them, is not in force any more. Two AWS calls."""
    caller.must_have(SETS_ROUTES)
    before = current_rules(deps.store)
    if before.version != based_on:
        raise RulesSupersededError
    text = draft_text(draft)
    now = deps.clock.now()
    publication = publish(before, text, caller.user_id, now)
    after = publication.rules
    act = act_of(
        caller,
        "publish_routing_rules",
        "RULES#ROUTING",
        str(after.version),
        now,
        before=before.digest,
        after=after.digest,
    )
    deps.store.commit(*publication.writes, record(act))
    return publication.rules


def _key(number: str) -> Key:
    no = number[-2:]
    if not no.isdecimal():
        raise AttemptNumberError
    return decision_key(order_id_in(number, "P"), int(no))


def dry_run_rules(deps: Deps, caller: Caller, draft: Mapping[str, object], attempts: Sequence[str]) -> DryRun:
    """Say what a draft would have decided for past attempts. Two AWS calls, and nothing is written."""
    caller.must_have(READS_ROUTES)
    if not 0 < len(attempts) <= MOST_ATTEMPTS:
        raise AttemptNumberError
    text = draft_text(draft)
    candidate = publish(current_rules(deps.store), text, caller.user_id, deps.clock.now()).rules
    items = deps.store.batch_get([_key(number) for number in dict.fromkeys(attempts)])
    return dry_run((str(item["decision"]) for item in items), candidate)
