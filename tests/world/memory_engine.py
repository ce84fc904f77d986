"""An engine in memory that answers as DynamoDB does, for tests and simulations.

Nothing stored is ever changed in place, so a snapshot is a mark in the journal: `mark()` costs nothing,
and `rewind(mark)` costs as much as was written since. The journal is also the tables' streams.

Two things differ from AWS, both on the kind side: an index is up to date at once, and transactions wait
for each other instead of conflicting. A test that wants a Conflict, Throttled or AnswerLost puts its own
engine around this one.
"""

from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from typing import NamedTuple

from octane.kernel.clock import MINUTE, Clock, Instant
from octane.store.engine import ConditionFailed
from octane.store.items import Item, Key, Page, Query, Scan, Table
from octane.store.writes import Check, Update, Write
from world.conditions import holds
from world.meter import TRANSACTIONAL, Meter, index_units, read_units, row_units
from world.prepared import Prepared, applied, prepare, validate_key
from world.rows import Rows, validate_query
from world.values import KIB, RefusedError, Row, copied, equal

MAX_WRITES = 100
MAX_KEYS = 100
MAX_TOKEN = 36
MAX_TRANSACTION = 4 * KIB * KIB
TOKEN_LIFE = 10 * MINUTE


class ChangeKind(StrEnum):
    INSERT = "INSERT"
    MODIFY = "MODIFY"
    REMOVE = "REMOVE"


@dataclass(frozen=True, slots=True)
class Change:
    """One record of a table's stream; `number` counts from 1 in each table, `at` is epoch milliseconds."""

    number: int
    kind: ChangeKind
    key: Key
    old: Item | None
    new: Item | None
    at: Instant


class Mark(NamedTuple):
    """A moment of the engine, for `rewind`."""

    steps: tuple[int, ...]
    answers: int


class _Step(NamedTuple):
    key: Key
    before: Row | None
    after: Row | None
    at: Instant


class _Answer(NamedTuple):
    writes: tuple[Prepared, ...]
    at: Instant


class MemoryEngine:
    """Implements `octane.store.engine.Engine`. The clock decides when a request token is forgotten."""

    def __init__(self, clock: Clock, meter: Meter | None = None) -> None:
        self._clock = clock
        self._meter = meter
        self._lock = Lock()
        self._rows = {table: Rows(table) for table in Table}
        self._steps: dict[Table, list[_Step]] = {table: [] for table in Table}
        self._answers: dict[str, _Answer] = {}
        self._answer_log: list[tuple[str, _Answer | None]] = []

    def get(self, key: Key) -> Item | None:
        validate_key(key)
        with self._lock:
            row = self._rows[key.table].get((key.pk, key.sk))
            if self._meter:
                self._meter.count("get", read_units=read_units(row.size if row else 0))
        return copied(row.item) if row else None

    def query(self, query: Query) -> Page:
        validate_query(query)
        with self._lock:
            rows, cursor = self._rows[query.table].page(query)
            if self._meter:
                size = sum(row.size for row in rows)
                self._meter.count("query", read_units=read_units(size, strong=query.index is None))
        return Page([copied(row.item) for row in rows], cursor)

    def scan(self, scan: Scan) -> Page:
        if scan.limit < 1:
            raise RefusedError("a page has a limit of 1 or more")
        with self._lock:
            rows, cursor = self._rows[scan.table].scanned(scan)
            if self._meter:
                self._meter.count("scan", read_units=read_units(sum(row.size for row in rows)))
        return Page([copied(row.item) for row in rows], cursor)

    def batch_get(self, keys: list[Key]) -> list[Item]:
        if not 1 <= len(keys) <= MAX_KEYS or len(set(keys)) < len(keys):
            raise RefusedError("a batch has 1 to 100 keys, each once")
        for key in keys:
            validate_key(key)
        with self._lock:
            rows = [self._rows[key.table].get((key.pk, key.sk)) for key in keys]
            if self._meter:
                units = sum(read_units(row.size if row else 0) for row in rows)
                self._meter.count("batch_get", read_units=units)
        return [copied(row.item) for row in rows if row]

    def write(self, write: Write) -> Item | None:
        if isinstance(write, Check):
            self.transact((write,), "")
            return None
        prepared = prepare(write)
        with self._lock:
            (after,) = self._run("write", (prepared,), 1)
        return copied(after.item) if after and prepared.kind is Update else None

    def transact(self, writes: tuple[Write, ...], token: str) -> None:
        if not 1 <= len(writes) <= MAX_WRITES:
            raise RefusedError("a transaction has 1 to 100 writes")
        if len({write.key for write in writes}) < len(writes):
            raise RefusedError("a transaction touches each item once")
        if len(token) > MAX_TOKEN:
            raise RefusedError("a request token has 1 to 36 characters")
        prepared = tuple(prepare(write) for write in writes)
        with self._lock:
            if token and self._answered(token, prepared):
                return
            self._run("transact", prepared, TRANSACTIONAL)
            if token:
                self._answer_log.append((token, self._answers.get(token)))
                self._answers[token] = _Answer(prepared, self._clock.now())

    def changes(self, table: Table, after: int = 0) -> list[Change]:
        """Read the table's stream behind record number `after`, oldest first."""
        with self._lock:
            steps = self._steps[table][after:]
        return [_change(number, step) for number, step in enumerate(steps, after + 1)]

    def items(self, table: Table) -> list[Item]:
        """Every item of a table in key order, unmetered: for invariants, not for the code under test."""
        with self._lock:
            return [copied(row.item) for row in self._rows[table].all()]

    def mark(self) -> Mark:
        """Remember this moment."""
        with self._lock:
            return Mark(tuple(len(steps) for steps in self._steps.values()), len(self._answer_log))

    def rewind(self, mark: Mark) -> None:
        """Undo what was written since the mark, streams and tokens included; later marks become void."""
        with self._lock:
            for (table, steps), length in zip(self._steps.items(), mark.steps, strict=True):
                while len(steps) > length:
                    step = steps.pop()
                    self._rows[table].replace((step.key.pk, step.key.sk), step.before)
            while len(self._answer_log) > mark.answers:
                token, answer = self._answer_log.pop()
                if answer:
                    self._answers[token] = answer
                else:
                    del self._answers[token]

    def _run(self, call: str, writes: tuple[Prepared, ...], factor: int) -> list[Row | None]:
        befores = [self._rows[write.key.table].get(write.place) for write in writes]
        for index, (write, before) in enumerate(zip(writes, befores, strict=True)):
            if not holds(write.when, before.item if before else None):
                self._count_failed(call, writes, befores, factor)
                raise ConditionFailed(index)
        afters = [applied(write, before) for write, before in zip(writes, befores, strict=True)]
        if factor == TRANSACTIONAL and sum(row.size for row in afters if row) > MAX_TRANSACTION:
            raise RefusedError("a transaction holds at most 4 MB")
        at = self._clock.now()
        units = 0
        for write, before, after in zip(writes, befores, afters, strict=True):
            if self._meter:
                units += factor * row_units(before, after) + index_units(write.key.table, before, after)
            # a write that leaves the item as it was makes no stream record
            if not _same(before, after):
                self._rows[write.key.table].replace(write.place, after)
                self._steps[write.key.table].append(_Step(write.key, before, after, at))
        if self._meter:
            self._meter.count(call, write_units=units)
        return afters

    def _count_failed(
        self, call: str, writes: tuple[Prepared, ...], befores: list[Row | None], factor: int
    ) -> None:
        if not self._meter:
            return
        units = 0
        for write, before in zip(writes, befores, strict=True):
            wanted = before
            with suppress(RefusedError):
                wanted = applied(write, before)
            units += factor * row_units(before, wanted)
        self._meter.count(call, write_units=units)

    def _answered(self, token: str, writes: tuple[Prepared, ...]) -> bool:
        answer = self._answers.get(token)
        if answer is None or self._clock.now() - answer.at >= TOKEN_LIFE:
            return False
        if len(answer.writes) != len(writes) or not all(map(Prepared.same_request, answer.writes, writes)):
            raise RefusedError("IdempotentParameterMismatch: this token came with other writes")
        if self._meter:
            rows = [self._rows[write.key.table].get(write.place) for write in writes]
            units = sum(TRANSACTIONAL * read_units(row.size if row else 0) for row in rows)
            self._meter.count("transact", read_units=units)
        return True


def _same(before: Row | None, after: Row | None) -> bool:
    if before is None or after is None:
        return before is after
    return before is after or equal(before.item, after.item)


def _change(number: int, step: _Step) -> Change:
    kind = ChangeKind.INSERT if step.before is None else ChangeKind.MODIFY
    if step.after is None:
        kind = ChangeKind.REMOVE
    old, new = (copied(row.item) if row else None for row in (step.before, step.after))
    return Change(number, kind, step.key, old, new, step.at)
