"""A small world of risk: tables in memory, a clock moved by hand, and orders that are placed for real."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pytest

from octane.identity.step_ups import Operation, binding, step_up_key
from octane.kernel.caller import Caller, Role
from octane.kernel.clock import MINUTE
from octane.kernel.settings import Settings
from octane.orders.model import Dossier
from octane.orders.place import place_order
from octane.orders.risking import Given
from octane.orders.wanted import PlaceOrder, PlaceWalletTopUp
from octane.risk.defaults import default_rules
from octane.risk.ports import Report, Reported
from octane.risk.rules import RuleSet, read_rules
from octane.rulebook.reader import RulesReader
from octane.store.items import Item, Key, Table
from octane.store.store import Store
from octane.store.writes import Absent, Exists, Put, any_of
from world.engines import CountedNonces, HandClock
from world.memory_engine import MemoryEngine
from world.meter import Meter

NOON = 1_795_320_000_000
"""2026-11-22 12:00 in Beijing."""
PHONE = "13800138000"


@dataclass
class Signals:
    seen: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def count(self, name: str, **detail: str | int) -> None:
        self.seen.append((name, detail))


@dataclass
class Friends:
    """An alliance that answers what a test wants."""

    answers: list[Reported] = field(default_factory=list)
    taken: list[Report] = field(default_factory=list)

    def report(self, report: Report) -> Reported:
        self.taken.append(report)
        return self.answers.pop(0) if self.answers else Reported.REPORTED


class House:
    """Implements what the use cases of risk and of placing orders need."""

    def __init__(self) -> None:
        self.clock = HandClock(NOON)
        self.meter = Meter()
        self.engine = MemoryEngine(self.clock, self.meter)
        self.store = Store(self.engine, CountedNonces(), pause=lambda attempt: None)
        self.settings = Settings(order_limit=10_000_000)
        self.signals = Signals()
        self.alliance = Friends()
        self.keys = 0

    @cached_property
    def risk_rules(self) -> RulesReader[RuleSet]:
        return RulesReader(self.store, self.clock, Table.RISK, default_rules, read_rules)

    def other_process(self) -> None:
        """Forget what this process knows."""
        self.__dict__.pop("risk_rules", None)

    def put(self, key: Key, **item: Any) -> None:
        self.store.commit(Put(key, item, when=any_of(Absent(), Exists())))

    def item(self, key: Key) -> Item:
        return self.store.get(key) or {}

    def moves_in(self, user_id: str, card: str = "N" + "A" * 25, days: int = 400) -> Caller:
        """Somebody with a phone and a card, here since some days."""
        created = self.clock.at - days * 24 * 60 * MINUTE
        key = Key(Table.IDENTITY, user_id, "#USER")
        self.put(key, created_at=created, phone=PHONE, role="customer", openid="o")
        self.bind(user_id, card)
        return Caller(user_id, Role.CUSTOMER, "session", "openid")

    def bind(self, account_id: str, card: str) -> None:
        self.put(
            Key(Table.IDENTITY, account_id, "CARD#card"),
            number="1000111100001234567",
            issuer="SINOPEC",
            holder_name="张三",
            holder_phone=PHONE,
            bound_at=self.clock.at,
            tag=card,
        )

    def place(self, caller: Caller, amount: int = 10_000, key: str = "", **given: str) -> Dossier:
        self.keys += 1
        return place_order(
            self,
            caller,
            PlaceOrder("card", amount),
            key or f"key-{self.keys}",
            Given(**given),  # type: ignore[arg-type]
        )

    def fill(self, caller: Caller, amount: int = 10_000, **given: str) -> Dossier:
        self.keys += 1
        return place_order(self, caller, PlaceWalletTopUp(amount), f"key-{self.keys}", Given(**given))  # type: ignore[arg-type]

    def passed(self, caller: Caller, amount: int, subject: str = "card") -> str:
        """A step-up that somebody has passed."""
        self.keys += 1
        step_up_id = f"P{self.keys:025d}"
        self.put(
            step_up_key(caller.user_id, step_up_id),
            state="PASSED",
            binding=binding(Operation.PLACE_ORDER, subject, amount),
            expires_at=self.clock.at + 5 * MINUTE,
        )
        return step_up_id


@pytest.fixture
def house() -> House:
    return House()


def person(name: str) -> str:
    return "U" + name.upper().ljust(25, "A")


def staff(role: Role = Role.RISK, name: str = "staff") -> Caller:
    return Caller(person(name), role, "session", ip="10.0.0.1")
