"""What a DynamoDB table accepts: typed values, their sizes in bytes, and when two of them are equal.

Sizes follow the developer guide, "DynamoDB item sizes and formats".
"""

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from octane.store.items import Item, Value

KIB = 1024
MAX_ITEM = 400 * KIB
MAX_DEPTH = 32
MAX_DIGITS = 38
MAX_NUMBER = 10**126
NAMES = 64 * KIB - 1


class RefusedError(Exception):
    """DynamoDB's ValidationException and its kin: a mistake in the program, which no retry mends."""


class Row(NamedTuple):
    """A stored item, never changed in place, and its size in bytes."""

    item: dict[str, Value]
    size: int


def accept_item(item: Item) -> Row:
    """Copy and weigh an item, or raise `RefusedError` (TypeError for a type that no table holds: floats)."""
    kept: dict[str, Value] = {}
    total = 0
    for name, value in item.items():
        kept[name], size = accept(value)
        total += size + _name_size(name)
    return _limited(Row(kept, total))


def changed_row(before: Row, item: dict[str, Value], names: Iterable[str]) -> Row:
    """Weigh a changed copy of a row's item by the attributes that differ, or raise `RefusedError`."""
    names = tuple(names)
    return _limited(Row(item, before.size - _weight(before.item, names) + _weight(item, names)))


def _weight(item: dict[str, Value], names: tuple[str, ...]) -> int:
    return sum(_name_size(name) + accept(item[name])[1] for name in names if name in item)


def _limited(row: Row) -> Row:
    if row.size > MAX_ITEM:
        raise RefusedError("an item holds at most 400 KB")
    return row


def accept(value: Value, depth: int = 0) -> tuple[Value, int]:
    """Copy a value to plain types and weigh it; a StrEnum member comes back as str, as from a table."""
    if depth > MAX_DEPTH:
        raise RefusedError("nesting goes 32 levels deep")
    if type(value) is str:  # the usual case first: simulations spend their time here
        return value, text_size(value)
    match value:
        case None | bool():
            return value, 1
        case str():
            return str.__str__(value), text_size(value)
        case int():
            return int(value), number_size(value)
        case bytes():
            return bytes(value), len(value)
        case list():
            parts = [accept(part, depth + 1) for part in value]
            return [part for part, _ in parts], 3 + sum(size + 1 for _, size in parts)
        case dict():
            named = {name: accept(part, depth + 1) for name, part in value.items()}
            weight = sum(_name_size(name) + size + 1 for name, (_, size) in named.items())
            return {name: part for name, (part, _) in named.items()}, 3 + weight
    raise TypeError(type(value))


def text_size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def number_size(number: int) -> int:
    """One byte per two significant digits, one more, one for a minus; refuse what 38 digits cannot hold."""
    magnitude = abs(number)
    if magnitude >= MAX_NUMBER:
        raise RefusedError("a number's magnitude is below 1E126")
    digits = len(str(magnitude).rstrip("0"))
    if digits > MAX_DIGITS:
        raise RefusedError("a number has at most 38 significant digits")
    return (digits + 1) // 2 + 1 + (number < 0)


def equal(one: Value, other: Value) -> bool:
    """Compare as DynamoDB does, types first: 1, True and "1" are three values."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    match one, other:
        case list(), list():
            return len(one) == len(other) and all(map(equal, one, other))
        case dict(), dict():
            return one.keys() == other.keys() and all(equal(part, other[name]) for name, part in one.items())
    return one == other


def copied(item: dict[str, Value]) -> dict[str, Value]:
    """Copy an item for a reader, who may change the copy as he likes."""
    return {name: _copied(value) for name, value in item.items()}


def _copied(value: Value) -> Value:
    match value:
        case list():
            return [_copied(part) for part in value]
        case dict():
            return copied(value)
    return value


@cache
def _name_size(name: str) -> int:
    size = text_size(name)
    if not 0 < size <= NAMES:
        raise RefusedError("an attribute name has 1 to 65535 bytes")
    return size
