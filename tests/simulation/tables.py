"""The tables behind a network that fails: the exact memory engine, reached through outside calls."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from octane.store.engine import AnswerLost, Conflict, Throttled
from octane.store.items import Item, Key, Page, Query, Scan
from octane.store.writes import Write
from simulation.faults import CONFLICT, INDEX, READ, STALE, THROTTLE, WRITE
from simulation.world import TABLE, Lost, World

Result = TypeVar("Result")


@dataclass(slots=True)
class FaultyEngine:
    """Implements `octane.store.engine.Engine`."""

    world: World

    def get(self, key: Key) -> Item | None:
        return self._call(f"get {key.table}", key.pk, READ, lambda: self.world.engine.get(key))

    def query(self, query: Query) -> Page:
        index = query.index
        if index is None:
            return self._call("query", query.partition, READ, lambda: self.world.engine.query(query))
        return self._call(
            f"query {index.name} {query.partition}",
            "",
            INDEX,
            lambda: self.world.engine.query(query),
            stale=lambda: Page([], None),
        )

    def scan(self, scan: Scan) -> Page:
        return self._call(f"scan {scan.table}", "", READ, lambda: self.world.engine.scan(scan))

    def batch_get(self, keys: list[Key]) -> list[Item]:
        return self._call("batch_get", "", READ, lambda: self.world.engine.batch_get(keys))

    def write(self, write: Write) -> Item | None:
        about = write.key.pk

        def act() -> Item | None:
            self.world.written = True
            return self.world.engine.write(write)

        return self._call(f"write {write.key.sk}", about, WRITE, act)

    def transact(self, writes: tuple[Write, ...], token: str) -> None:
        names = " ".join(write.key.sk for write in writes) if self.world.lines is not None else ""

        def act() -> None:
            self.world.written = True
            self.world.engine.transact(writes, token)

        self._call(f"transact {names}", writes[0].key.pk, WRITE, act)

    def _call(
        self,
        operation: str,
        about: str,
        kinds: tuple[str, ...],
        act: Callable[[], Result],
        stale: Callable[[], Result] | None = None,
    ) -> Result:
        def effect(kind: str) -> Result:
            if kind == CONFLICT:
                raise Conflict
            if kind == THROTTLE:
                raise Throttled
            if kind == STALE and stale:
                return stale()
            return act()

        try:
            return self.world.outside(operation, about, kinds, TABLE, effect)
        except Lost:
            raise AnswerLost from None
