"""Writes as the memory engine runs them: checked, copied and weighed before any lock is taken."""

from dataclasses import dataclass
from typing import TypeAlias

from octane.store.items import INDEXES, Key, Table, Value
from octane.store.writes import Condition, Delete, Put, Update, Write
from world.conditions import validate
from world.tables import key_type
from world.values import RefusedError, Row, accept, accept_item, changed_row, equal, number_size, text_size

MAX_PARTITION = 2048
MAX_SORT = 1024
KEY_NAMES = frozenset({"pk", "sk"})

Place: TypeAlias = tuple[str, str]
"""The pk and sk of an item in its table."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A write that DynamoDB would accept. `row` is what a Put stores, `update` what an Update assigns."""

    kind: type[Write]
    key: Key
    when: Condition
    row: Row | None = None
    update: Update | None = None

    @property
    def place(self) -> Place:
        return self.key.pk, self.key.sk

    def same_request(self, other: "Prepared") -> bool:
        """Tell whether both came from the same request; `otherwise` is ours and was never sent."""
        return (
            (self.kind, self.key, repr(self.when)) == (other.kind, other.key, repr(other.when))
            and equal(_body(self), _body(other))
        )  # fmt: skip


def prepare(write: Write) -> Prepared:
    """Check and copy a write, or raise `RefusedError`."""
    validate_key(write.key)
    validate(write.when)
    match write:
        case Put():
            row = accept_item({**write.item, "pk": write.key.pk, "sk": write.key.sk})
            validate_index_keys(write.key.table, row.item)
            return Prepared(Put, write.key, write.when, row=row)
        case Update():
            return Prepared(Update, write.key, write.when, update=_copied_update(write))
    return Prepared(type(write), write.key, write.when)


def applied(write: Prepared, before: Row | None) -> Row | None:
    """Return the row after the write; raise `RefusedError` when the stored item shows it to be wrong."""
    if write.kind is Put:
        return write.row
    if write.kind is Delete:
        return None
    if write.update is None:
        return before
    if before is None and not write.update.assign and not write.update.add:
        return None  # an update that only removes has nothing to create
    start = before or accept_item({"pk": write.key.pk, "sk": write.key.sk})
    item = dict(start.item)
    item.update(write.update.assign)
    for name, number in write.update.add.items():
        held = item.get(name, 0)
        if isinstance(held, bool) or not isinstance(held, int):
            raise RefusedError(f"ADD {name}: not a number")
        item[name] = held + number
    for name in write.update.remove:
        item.pop(name, None)
    validate_index_keys(write.key.table, item)
    return changed_row(start, item, (*write.update.assign, *write.update.add, *write.update.remove))


def validate_key(key: Key) -> None:
    for part, most in ((key.pk, MAX_PARTITION), (key.sk, MAX_SORT)):
        if not 0 < text_size(part) <= most:
            raise RefusedError("a key has 1 to 2048 bytes, a sort key 1 to 1024")


def validate_index_keys(table: Table, item: dict[str, Value]) -> None:
    """An attribute that is an index key has that key's type, wherever it is present, and is not empty."""
    for index in INDEXES.get(table, ()):
        for name, most in ((index.partition, MAX_PARTITION), (index.sort, MAX_SORT)):
            if name in item:
                validate_key_value(name, item[name], most)


def validate_key_value(name: str, value: Value, most: int) -> None:
    if key_type(name) == "N":
        if isinstance(value, bool) or not isinstance(value, int):
            raise RefusedError(f"{name}: type mismatch, expected N")
        number_size(value)
    elif not isinstance(value, str) or not 0 < text_size(value) <= most:
        raise RefusedError(f"{name}: expected S of 1 to {most} bytes")


def _copied_update(write: Update) -> Update:
    names = [*write.assign, *write.add, *write.remove]
    if not names:
        raise RefusedError("the update expression is empty")
    if len(set(names)) < len(names):
        raise RefusedError("two paths of the update overlap")
    if not KEY_NAMES.isdisjoint(names):
        raise RefusedError("a key attribute cannot be updated")
    for number in write.add.values():
        if isinstance(number, bool):
            raise RefusedError("ADD takes a number")
        number_size(number)
    assign = {name: accept(value)[0] for name, value in write.assign.items()}
    return Update(write.key, write.when, assign, dict(write.add), tuple(write.remove), write.otherwise)


def _body(write: Prepared) -> Value:
    if write.row:
        return write.row.item
    if write.update:
        return [dict(write.update.assign), dict(write.update.add), list(write.update.remove)]
    return None
