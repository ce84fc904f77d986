"""Conditions as DynamoDB evaluates them: all about a missing attribute is false, but that it is missing."""

from octane.store.items import Value
from octane.store.writes import (
    Absent,
    AllOf,
    AnyOf,
    AtLeast,
    AtMost,
    Condition,
    Exists,
    Is,
    Missing,
    OneOf,
)
from world.values import RefusedError, accept, equal

MAX_CHOICES = 100


def validate(condition: Condition) -> None:
    """Raise `RefusedError` for an expression that DynamoDB does not accept, whatever the item is."""
    match condition:
        case Is(_, value):
            accept(value)
        case OneOf(_, values):
            if not 1 <= len(values) <= MAX_CHOICES:
                raise RefusedError("IN takes 1 to 100 values")
            for value in values:
                accept(value)
        case AtLeast(_, number) | AtMost(_, number):
            if isinstance(number, bool):
                raise RefusedError("a BOOL has no order")
            accept(number)
        case AllOf(parts) | AnyOf(parts):
            if not parts:
                raise RefusedError("an empty group")
            for part in parts:
                validate(part)


def holds(condition: Condition, item: dict[str, Value] | None) -> bool:
    """Tell whether the condition is true of the item, or of its absence (None)."""
    match condition:
        case AllOf(parts):
            return all(holds(part, item) for part in parts)
        case AnyOf(parts):
            return any(holds(part, item) for part in parts)
        case Absent() | Exists():
            return (item is None) == isinstance(condition, Absent)
        case Missing(attribute):
            return item is None or attribute not in item
    if item is None or condition.attribute not in item:
        return False
    return _holds_of(condition, item[condition.attribute])


def _holds_of(condition: Is | OneOf | AtLeast | AtMost, found: Value) -> bool:
    match condition:
        case Is(_, value):
            return equal(found, value)
        case OneOf(_, values):
            return any(equal(found, value) for value in values)
    if isinstance(found, bool) or not isinstance(found, int):
        return False
    return found >= condition.number if isinstance(condition, AtLeast) else found <= condition.number
