"""A house with prices: tables in memory, a clock moved by hand, sources and phones of the test's own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from octane.kernel.caller import Caller, Role
from octane.kernel.clock import MINUTE, later
from octane.kernel.provinces import Province
from octane.kernel.settings import Settings
from octane.notify.messages import MessageRefused, MessageUnknown, Sent, Template
from octane.prices.model import Grade, ProvincePrices, Reading
from octane.prices.ports import Silent
from octane.prices.records import find_province
from octane.prices.subscriptions import subscribe
from octane.prices.syncing import Synced, sync_prices
from octane.prices.telling import tell, telling_in
from octane.store.store import Store
from world.engines import CountedNonces, HandClock
from world.memory_engine import MemoryEngine
from world.meter import Meter

NOON = 1_795_320_000_000
"""2026-11-22 12:00 in Beijing."""
BJ, GD = Province.BEIJING, Province.GUANGDONG
OPERATOR = Caller("U" + "O" * 25, Role.OPERATOR, "session", "openid-operator")

Outcome = Sent | MessageRefused | MessageUnknown


@dataclass
class Source:
    """Tells what a test puts there."""

    provinces: tuple[Province, ...]
    tells: dict[Province, Reading] | Silent = field(default_factory=dict)
    name: str = "source"
    meanwhile: Callable[[], object] | None = None
    """What happens while it answers, once."""

    def pull(self) -> Mapping[Province, Reading] | Silent:
        happens, self.meanwhile = self.meanwhile, None
        told = self.tells if isinstance(self.tells, Silent) else dict(self.tells)
        if happens:
            happens()
        return told


@dataclass
class Phones:
    """A messenger that keeps what it sends; `answers` are said first, then everything is sent."""

    sent: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    answers: list[Outcome] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    meanwhile: Callable[[], object] | None = None
    """What happens while the next message is sent, once."""
    clock: HandClock | None = None
    """Moved by a second with each message."""

    def send(self, openid: str, template: Template, words: Mapping[str, str]) -> Outcome:
        assert template is Template.PRICE_CHANGED
        self.asked.append(openid)
        if self.clock is not None:
            self.clock.at += 1_000
        happens, self.meanwhile = self.meanwhile, None
        if happens:
            happens()
        answer = self.answers.pop(0) if self.answers else Sent()
        if isinstance(answer, Sent):
            self.sent.append((openid, dict(words)))
        return answer


class House:
    def __init__(self) -> None:
        self.clock = HandClock(NOON)
        self.meter = Meter()
        self.engine: Any = MemoryEngine(self.clock, self.meter)
        self.settings = Settings()
        self.counted: list[tuple[str, dict[str, str | int]]] = []
        self.messages: list[dict[str, str | int]] = []
        self.beijing = Source((BJ,))
        self.guangdong = Source((GD,))
        self.price_sources = (self.beijing, self.guangdong)
        self.messenger = Phones()
        self.price_news = self
        self.tells_prices = True
        self.signals = self

    @property
    def store(self) -> Store:
        return Store(self.engine, CountedNonces(), pause=lambda attempt: None)

    def count(self, name: str, **detail: str | int) -> None:
        self.counted.append((name, detail))

    def send(self, messages: list[dict[str, str | int]]) -> None:
        self.messages += messages

    def names(self) -> list[str]:
        return [name for name, _ in self.counted]

    def tells(self, **fens: int) -> None:
        """Beijing's source tells these from now on: `b92=755`."""
        self.beijing.tells = {BJ: reading(**fens)}

    def pull(self, **fens: int) -> Synced:
        """Ten minutes later a run; Guangdong's source is down."""
        self.clock.at += 10 * MINUTE
        if fens:
            self.tells(**fens)
        self.guangdong.tells = Silent("down")
        return self.sync()

    def sync(self, seconds: int = 40) -> Synced:
        return sync_prices(self, later(self.clock.now(), seconds * 1_000))

    def known(self, province: Province = BJ) -> ProvincePrices:
        return find_province(self.store, province)

    def fen(self, grade: Grade = Grade.G92) -> int:
        return self.known().prices[grade].fen

    def subscribed(self, many: int, first: int = 0, province: Province = BJ) -> list[Caller]:
        callers = [person(number) for number in range(first, first + many)]
        for caller in callers:
            subscribe(self, caller, province)
        return callers

    def deliver(self, seconds: int = 40) -> int:
        """All messages of the queue once, in any order; how many phones rang."""
        sent = 0
        while self.messages:
            sent += tell(self, telling_in(self.messages.pop()), later(self.clock.now(), seconds * 1_000))
        return sent

    def told(self) -> list[str]:
        return [openid for openid, _ in self.messenger.sent]


def person(number: int) -> Caller:
    letters = "".join(chr(ord("A") + int(digit)) for digit in f"{number:07d}")
    return Caller("U" + letters.rjust(25, "A"), Role.CUSTOMER, "session", f"openid-{number}")


def reading(**fens: int) -> Reading:
    return Reading({Grade(name[1:]): fen for name, fen in fens.items()}, {})
