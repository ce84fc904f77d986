"""Commit writes and read items, whatever the engine does in between."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from octane.kernel.errors import UnavailableError
from octane.kernel.ids import Nonces
from octane.store.engine import AnswerLost, ConditionFailed, Conflict, Engine, Throttled
from octane.store.items import Item, Key, Page, Query, Scan
from octane.store.writes import ChangedMeanwhileError, Update, Write, refusal

ATTEMPTS = 5

Answer = TypeVar("Answer")


class StoreUnavailableError(UnavailableError):
    """Definite: nothing was written, the tables are too busy."""

    code = "STORE_UNAVAILABLE"


class StoreThrottledError(StoreUnavailableError):
    """The same, by the tables' own word: they take no more for now, whoever asks."""


class StoreConflictError(StoreUnavailableError):
    """The same: others were at one of these items. Other items may be free."""


class CommitUnknownError(UnavailableError):
    """The writes may or may not be there; only reading tells. The same request, sent again, settles it."""

    code = "OUTCOME_UNKNOWN"
    summary = "We could not learn the outcome; send the same request again, it happens at most once."


def until_settled(act: Callable[[], Answer]) -> Answer:
    """Do something that reads afresh and writes on conditions; again when somebody else moved first."""
    for _ in range(ATTEMPTS - 1):
        try:
            return act()
        except ChangedMeanwhileError:
            continue
    return act()


@dataclass(frozen=True, slots=True)
class Store:
    """The tables. `pause(attempt)` waits between tries (AWS: backoff with jitter; tests: move the clock)."""

    engine: Engine
    nonces: Nonces
    pause: Callable[[int], None]

    def get(self, key: Key) -> Item | None:
        return self._read(lambda: self.engine.get(key))

    def query(self, query: Query) -> Page:
        return self._read(lambda: self.engine.query(query))

    def scan_pages(self, query: Query) -> Iterator[Item]:
        """Every item of a query, page by page."""
        while True:
            page = self.query(query)
            yield from page.items
            if page.cursor is None:
                return
            query = replace(query, after=page.cursor)

    def scan(self, scan: Scan) -> Page:
        return self._read(lambda: self.engine.scan(scan))

    def batch_get(self, keys: list[Key]) -> list[Item]:
        return self._read(lambda: self.engine.batch_get(keys)) if keys else []

    def commit(self, *writes: Write, conflicts: int = ATTEMPTS) -> None:
        """Do all writes or none; raise the `otherwise` of the first write whose condition fails.

        A transaction that meets others at its items is tried again, until it has met them `conflicts` times.

        A transaction is sent again under the same token when its answer is lost, so it takes effect at most
        once and the second answer tells the outcome. A single write has no token: its lost answer raises
        `CommitUnknownError` at once.
        """
        if not writes:
            return
        if len(writes) == 1:
            self._write_one(writes[0])
            return
        token = self.nonces.token()
        lost = throttled = False
        for attempt in range(ATTEMPTS):
            if attempt:
                self.pause(attempt)
            try:
                self.engine.transact(writes, token)
            except ConditionFailed as failure:
                raise refusal(writes[failure.index]) from None
            except Conflict:
                conflicts -= 1
                if (
                    conflicts <= 0 and not lost
                ):  # after a lost answer it may be our own, which this token tells
                    break
                continue
            except Throttled:
                throttled = True
                continue
            except AnswerLost:
                lost = True
                continue
            return
        if lost:
            raise CommitUnknownError
        raise StoreThrottledError if throttled else StoreConflictError

    def take(self, update: Update) -> Item:
        """Do one conditional update and return the item as it now is: a claim and a read in one call."""
        item = self._write_one(update)
        if item is None:
            raise refusal(update)
        return item

    def _write_one(self, write: Write) -> Item | None:
        for attempt in range(ATTEMPTS):
            if attempt:
                self.pause(attempt)
            try:
                return self.engine.write(write)
            except ConditionFailed:
                raise refusal(write) from None
            except (Conflict, Throttled):
                continue
            except AnswerLost:
                raise CommitUnknownError from None
        raise StoreUnavailableError

    def _read(self, read: Callable[[], Answer]) -> Answer:
        for attempt in range(ATTEMPTS):
            if attempt:
                self.pause(attempt)
            try:
                return read()
            except (Throttled, AnswerLost):
                continue
        raise StoreUnavailableError
