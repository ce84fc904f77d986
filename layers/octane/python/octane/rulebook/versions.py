"""Where the versions of a rule set are kept: the one in force, and every one, so that decisions replay."""

from octane.rulebook.errors import RulesSupersededError
from octane.store.items import Item, Key, Query, Table
from octane.store.writes import Absent, Is, Put

PARTITION = "RULES"


def current_key(table: Table) -> Key:
    return Key(table, PARTITION, "CURRENT")


def version_key(table: Table, version: int) -> Key:
    return Key(table, PARTITION, f"VERSION#{version:06d}")


def all_versions(table: Table) -> Query:
    return Query(table, PARTITION, first="VERSION#")


def put_in_force(table: Table, before: int, version: int, text: str) -> tuple[Put, Put]:
    """Make a version the one in force after `before` (0 is the built-in one). Commit both together: they
    raise `RulesSupersededError`."""
    item: Item = {"version": version, "text": text}
    superseded = RulesSupersededError()
    first = Absent() if before == 0 else Is("version", before)
    return (
        Put(current_key(table), item, when=first, otherwise=superseded),
        Put(version_key(table, version), item, when=Absent(), otherwise=superseded),
    )
