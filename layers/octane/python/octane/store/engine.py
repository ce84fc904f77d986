"""The port under the store: single calls to a table engine, and the ways they fail.

EngineFailure
├── ConditionFailed     definite: nothing was written
├── Conflict            definite: another transaction touched an item; try again
├── Throttled           definite: try again later
└── AnswerLost          unknown: the call may have taken effect
"""

from typing import Protocol

from octane.store.items import Item, Key, Page, Query, Scan
from octane.store.writes import Write


class EngineFailure(Exception):
    """One call to the engine did not answer yes."""


class ConditionFailed(EngineFailure):
    """The write at `index` found its condition false."""

    def __init__(self, index: int = 0) -> None:
        self.index = index
        super().__init__(index)


class Conflict(EngineFailure):
    pass


class Throttled(EngineFailure):
    pass


class AnswerLost(EngineFailure):
    pass


class Engine(Protocol):
    """DynamoDB as the store needs it. Each method is one call."""

    def get(self, key: Key) -> Item | None:
        """Read one item, strongly consistent."""
        ...

    def query(self, query: Query) -> Page:
        """Read a page; strongly consistent on a table, eventually on an index."""
        ...

    def scan(self, scan: Scan) -> Page:
        """Read a page of a whole table, strongly consistent."""
        ...

    def batch_get(self, keys: list[Key]) -> list[Item]:
        """Read up to 100 items, strongly consistent, in the order of the keys; missing ones are left out.
        Items don't say their table: ask for keys that can be told apart without it."""
        ...

    def write(self, write: Write) -> Item | None:
        """Do one conditional write; an update returns the item as it now is."""
        ...

    def transact(self, writes: tuple[Write, ...], token: str) -> None:
        """Do all writes or none. The same token within 10 minutes answers as the first time and writes
        nothing again."""
        ...
