"""Writes as values: what to change, on what condition, and the error when the condition fails.

A domain returns writes; a use case collects those of all domains that must move together and commits them
once. So atomicity crosses domains without coupling them, and no check-then-act exists.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from octane.kernel.errors import OctaneError, StateError
from octane.store.items import Item, Key, Value


class ChangedMeanwhileError(StateError):
    """Somebody else moved first; the same request, tried again, meets the new state."""

    code = "CHANGED_MEANWHILE"
    retryable = True
    summary = "Somebody else changed this at the same moment; try again."


@dataclass(frozen=True, slots=True)
class Absent:
    """There is no item under the key."""


@dataclass(frozen=True, slots=True)
class Exists:
    """There is an item under the key."""


@dataclass(frozen=True, slots=True)
class Is:
    """The attribute has this value."""

    attribute: str
    value: Value


@dataclass(frozen=True, slots=True)
class OneOf:
    """The attribute has one of these values."""

    attribute: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class AtLeast:
    """The attribute exists and is this number or more."""

    attribute: str
    number: int


@dataclass(frozen=True, slots=True)
class AtMost:
    """The attribute exists and is this number or less."""

    attribute: str
    number: int


@dataclass(frozen=True, slots=True)
class Missing:
    """The item may exist, the attribute does not."""

    attribute: str


@dataclass(frozen=True, slots=True)
class AllOf:
    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    conditions: tuple["Condition", ...]


Condition: TypeAlias = Absent | Exists | Is | OneOf | AtLeast | AtMost | Missing | AllOf | AnyOf


def all_of(*conditions: Condition) -> AllOf:
    return AllOf(conditions)


def any_of(*conditions: Condition) -> AnyOf:
    return AnyOf(conditions)


@dataclass(frozen=True, slots=True)
class Put:
    """Write the whole item."""

    key: Key
    item: Item
    when: Condition
    otherwise: OctaneError = field(default_factory=ChangedMeanwhileError)


@dataclass(frozen=True, slots=True)
class Update:
    """Change attributes of an item: `assign` sets, `add` adds to numbers (absent counts as 0), `remove`
    drops."""

    key: Key
    when: Condition
    assign: Item = field(default_factory=dict)
    add: Mapping[str, int] = field(default_factory=dict)
    remove: tuple[str, ...] = ()
    otherwise: OctaneError = field(default_factory=ChangedMeanwhileError)


@dataclass(frozen=True, slots=True)
class Delete:
    key: Key
    when: Condition
    otherwise: OctaneError = field(default_factory=ChangedMeanwhileError)


@dataclass(frozen=True, slots=True)
class Check:
    """Change nothing, but refuse the whole commit unless the condition holds."""

    key: Key
    when: Condition
    otherwise: OctaneError = field(default_factory=ChangedMeanwhileError)


Write: TypeAlias = Put | Update | Delete | Check
