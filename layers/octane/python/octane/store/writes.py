"""Writes as values: what to change, on what condition, and the error when the condition fails.

A domain returns writes; a use case collects those of all domains that must move together and commits them
once. So atomicity crosses domains without coupling them, and no check-then-act exists.

All values of this room are named tuples: a frozen dataclass costs a cold start about eight times as much to
define. They are told apart by `isinstance`, never by `==`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from octane.kernel.errors import OctaneError, StateError
from octane.store.items import Item, Key, Value


class ChangedMeanwhileError(StateError):
    """Somebody else moved first; the same request, tried again, meets the new state."""

    code = "CHANGED_MEANWHILE"
    retryable = True
    summary = "Somebody else changed this at the same moment; try again."


NO_CHANGE: Mapping[str, Value] = MappingProxyType({})
NO_NUMBERS: Mapping[str, int] = MappingProxyType({})


class _Bare:
    """A condition that needs no words."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class Absent(_Bare):
    """There is no item under the key."""


class Exists(_Bare):
    """There is an item under the key."""


class Is(NamedTuple):
    """The attribute has this value."""

    attribute: str
    value: Value


class OneOf(NamedTuple):
    """The attribute has one of these values."""

    attribute: str
    values: tuple[Value, ...]


class AtLeast(NamedTuple):
    """The attribute exists and is this number or more."""

    attribute: str
    number: int


class AtMost(NamedTuple):
    """The attribute exists and is this number or less."""

    attribute: str
    number: int


class Missing(NamedTuple):
    """The item may exist, the attribute does not."""

    attribute: str


class AllOf(NamedTuple):
    conditions: tuple["Condition", ...]


class AnyOf(NamedTuple):
    conditions: tuple["Condition", ...]


Condition: TypeAlias = Absent | Exists | Is | OneOf | AtLeast | AtMost | Missing | AllOf | AnyOf


def all_of(*conditions: Condition) -> AllOf:
    return AllOf(conditions)


def any_of(*conditions: Condition) -> AnyOf:
    return AnyOf(conditions)


ANYWAY = any_of(Absent(), Exists())
"""Whatever is there, or nothing."""


class Put(NamedTuple):
    """Write the whole item. Without an error of its own a failed condition is `ChangedMeanwhileError`."""

    key: Key
    item: Item
    when: Condition
    otherwise: OctaneError | None = None


class Update(NamedTuple):
    """Change attributes of an item: `assign` sets, `add` adds to numbers (absent counts as 0), `remove`
    drops."""

    key: Key
    when: Condition
    assign: Item = NO_CHANGE
    add: Mapping[str, int] = NO_NUMBERS
    remove: tuple[str, ...] = ()
    otherwise: OctaneError | None = None


class Delete(NamedTuple):
    key: Key
    when: Condition
    otherwise: OctaneError | None = None


class Check(NamedTuple):
    """Change nothing, but refuse the whole commit unless the condition holds."""

    key: Key
    when: Condition
    otherwise: OctaneError | None = None


Write: TypeAlias = Put | Update | Delete | Check


def refusal(write: Write) -> OctaneError:
    """What to raise when the write's condition failed."""
    return write.otherwise if write.otherwise is not None else ChangedMeanwhileError()
