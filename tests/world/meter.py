"""Count calls and capacity units as DynamoDB bills them.

The rules are those of the developer guide, "DynamoDB read and write operations" and "Using Global Secondary
Indexes".

Where the guide leaves a choice, the meter takes the dearer one: a cancelled transaction pays for all its
writes.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from octane.store.items import INDEXES, Index, Table, Value
from world.values import KIB, Row, accept_item

WRITE_UNIT = KIB
READ_UNIT = 4 * KIB
TRANSACTIONAL = 2
UNNAMED = "(no operation)"


@dataclass(slots=True)
class Usage:
    """What one operation used. A read unit is one strongly consistent read of up to 4 KB."""

    calls: int = 0
    read_units: float = 0
    write_units: int = 0
    by_call: Counter[str] = field(default_factory=Counter)


class Meter:
    """Totals by operation: what a thread does within `with meter.operation(name):` is booked there."""

    def __init__(self) -> None:
        self.totals: dict[str, Usage] = {}
        self._operation: ContextVar[str] = ContextVar("operation", default=UNNAMED)

    @contextmanager
    def operation(self, name: str) -> Iterator[Usage]:
        """Book under this name until the end of the block; the innermost name wins."""
        token = self._operation.set(name)
        try:
            yield self.totals.setdefault(name, Usage())
        finally:
            self._operation.reset(token)

    def count(self, call: str, *, read_units: float = 0, write_units: int = 0) -> None:
        """Book one call. The engine calls this under its lock."""
        usage = self.totals.setdefault(self._operation.get(), Usage())
        usage.calls += 1
        usage.read_units += read_units
        usage.write_units += write_units
        usage.by_call[call] += 1

    def reset(self) -> None:
        self.totals.clear()


def read_units(size: int, *, strong: bool = True) -> float:
    """One unit per started 4 KB, half when eventually consistent; nothing found costs as the least."""
    return max(1, _started(size, READ_UNIT)) * (1 if strong else 0.5)


def row_units(before: Row | None, after: Row | None) -> int:
    """One unit per started KB of the larger image; writing nothing costs as the least."""
    size = max(before.size if before else 0, after.size if after else 0)
    return max(1, _started(size, WRITE_UNIT))


def index_units(table: Table, before: Row | None, after: Row | None) -> int:
    """One write per entry that comes, goes or changes its projection; a changed key is a delete and a put."""
    return sum(
        _entry_units(index_row(index, before), index_row(index, after)) for index in INDEXES.get(table, ())
    )


def index_row(index: Index, row: Row | None) -> Row | None:
    """Return the row's entry in a keys-only index, or None: the index is sparse."""
    if row is None or index.partition not in row.item or index.sort not in row.item:
        return None
    kept: dict[str, Value] = {n: row.item[n] for n in ("pk", "sk", index.partition, index.sort)}
    return accept_item(kept)


def _entry_units(before: Row | None, after: Row | None) -> int:
    if before == after:
        return 0
    return sum(_started(row.size, WRITE_UNIT) for row in (before, after) if row)


def _started(size: int, unit: int) -> int:
    return -(-size // unit)
