"""Where rule sets are kept: the one in force, and every version, so that each decision can be replayed."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from octane.kernel.clock import MINUTE, Instant, later
from octane.routing.decide import compiled_table
from octane.routing.defaults import default_rules
from octane.routing.parsing import read_rules
from octane.routing.quota import beijing_day
from octane.routing.rules import RuleSet, RulesQuotaFixedError
from octane.rulebook.documents import stamped
from octane.rulebook.errors import RulesNotFoundError
from octane.rulebook.versions import all_versions, current_key, put_in_force, version_key
from octane.store.items import Table
from octane.store.store import Store
from octane.store.writes import Put

CURRENT = current_key(Table.ROUTING)
SETTLED_MS = 10 * MINUTE
"""A process may go by the version before for some seconds: a new plan starts no earlier than so far from
now."""


class Publication(NamedTuple):
    rules: RuleSet
    writes: tuple[Put, ...]
    """Commit both together; they raise `RulesSupersededError`."""


def publish(before: RuleSet, draft: str | bytes, by: str, now: Instant) -> Publication:
    """Make a draft (a document without version and publisher) the version after `before`.

    Raises a `RulesInvalidError` for a draft that cannot be meant and `RulesQuotaFixedError` for a quota that
    would change under those that are counting it. Nothing is in force before the writes are committed.
    """
    rules = read_rules(stamped(draft, before.version + 1, now, by))
    compiled_table(rules)
    if before.version:
        for day in {beijing_day(now), beijing_day(later(now, SETTLED_MS))}:
            _check_quotas(before, rules, day)
    return Publication(rules, put_in_force(Table.ROUTING, before.version, rules.version, rules.text))


def _check_quotas(before: RuleSet, after: RuleSet, day: str) -> None:
    """A plan that counts already may end, or grow in as many shards: then whatever was reserved under it, or
    still is by a process that has not heard of the new one, keeps each shard within its limit."""
    for channel in sorted({*before.quotas, *after.quotas}):
        old, new = before.quota(channel, day), after.quota(channel, day)
        grows = old and new and old.shards == new.shards and old.limit <= new.limit
        if new and not grows:
            raise RulesQuotaFixedError(f"quotas.{channel}: {RulesQuotaFixedError.summary}")


def current_rules(store: Store) -> RuleSet:
    """Read the rules in force, from the table itself."""
    item = store.get(CURRENT)
    return default_rules() if item is None else read_rules(str(item["text"]))


def rules_of(store: Store, version: int) -> RuleSet:
    """Read one version, or raise `RulesNotFoundError`; 0 is the built-in one."""
    if version == 0:
        return default_rules()
    item = store.get(version_key(Table.ROUTING, version))
    if item is None:
        raise RulesNotFoundError
    return read_rules(str(item["text"]))


def all_rules(store: Store) -> Mapping[int, RuleSet]:
    """Every version there is, for replays."""
    return {rules.version: rules for rules in _versions(store)}


def _versions(store: Store) -> Iterator[RuleSet]:
    yield default_rules()
    for item in store.scan_pages(all_versions(Table.ROUTING)):
        yield read_rules(str(item["text"]))
