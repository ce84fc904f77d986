"""A house with stations: tables and bucket in memory, a clock that is moved by hand, a map that is told
what to say."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from octane.kernel.clock import Instant
from octane.kernel.settings import Settings
from octane.stations.files import COLUMNS
from octane.stations.model import Place
from octane.stations.ports import Drive
from octane.stations.posted import PostedPrices
from octane.store.engine import AnswerLost
from octane.store.items import Item, Key, Table
from octane.store.store import Store
from octane.store.writes import Write
from world.memory_engine import MemoryEngine
from world.meter import Meter
from world.objects import MemoryObjects

START = Instant(1_795_000_000_000)
PEOPLES_SQUARE = Place(31_230_400, 121_473_700)


class Clock:
    def __init__(self) -> None:
        self.at = START

    def now(self) -> Instant:
        return self.at


class Nonces:
    def __init__(self) -> None:
        self.count = 0

    def token(self) -> str:
        self.count += 1
        return f"{self.count:032x}"


class Died(BaseException):
    """The process is gone."""


class Engine(MemoryEngine):
    """Dies at a call of the test's choice, before or after it took effect."""

    calls = 0
    dies_at = 0
    dies_after = False
    loses = 0
    """So many answers to writes are lost after they took effect."""

    def _count(self, act: Callable[[], object]) -> None:
        self.calls += 1
        if self.calls == self.dies_at:
            if self.dies_after:
                act()
            raise Died

    def batch_get(self, keys: list[Key]) -> list[Item]:
        self._count(lambda: None)
        return super().batch_get(keys)

    def transact(self, writes: tuple[Write, ...], token: str) -> None:
        self._count(lambda: MemoryEngine.transact(self, writes, token))
        super().transact(writes, token)
        if self.loses:
            self.loses -= 1
            raise AnswerLost


@dataclass
class Signals:
    seen: list[tuple[str, dict[str, str | int]]] = field(default_factory=list)

    def count(self, name: str, **detail: str | int) -> None:
        self.seen.append((name, detail))


@dataclass
class Map:
    """Says what it is told; silent when it is told nothing."""

    roads: dict[Place, Drive | None] | None = None
    asked: list[Sequence[Place]] = field(default_factory=list)

    def drives(self, _start: Place, ends: Sequence[Place]) -> list[Drive | None] | None:
        self.asked.append(ends)
        return None if self.roads is None else [self.roads.get(end) for end in ends]


class House:
    def __init__(self) -> None:
        self.clock = Clock()
        self.meter = Meter()
        self.engine = Engine(self.clock, self.meter)
        self.store = Store(self.engine, Nonces(), lambda _: None)
        self.work = MemoryObjects(self.clock)
        self.signals = Signals()
        self.settings = Settings()
        self.driving_map = Map()
        self.posted = PostedPrices(self.clock)

    def items(self, prefix: str) -> dict[str, Item]:
        found = self.engine.items(Table.STATIONS)
        return {str(item["pk"]): item for item in found if str(item["pk"]).startswith(prefix)}


@pytest.fixture
def house() -> House:
    return House()


def row(station_id: str, lat: str, lon: str, **more: str) -> dict[str, str]:
    plain = {"name": f"站{station_id}", "province": "上海", "grades": "92 95", "lat": lat, "lon": lon}
    return {**dict.fromkeys(COLUMNS, ""), "station_id": station_id, **plain, **more}


def csv_of(*rows: dict[str, str]) -> bytes:
    lines = [",".join(COLUMNS), *(",".join(one[name] for name in COLUMNS) for one in rows)]
    return ("\n".join(lines) + "\n").encode()
