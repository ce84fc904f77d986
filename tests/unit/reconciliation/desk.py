"""What the tests of differences stand on: tables in memory, a clock, people, and lines to differ about."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from octane.kernel.caller import Caller, Role
from octane.kernel.clock import Instant
from octane.kernel.settings import Settings
from octane.kernel.statement import LineKind
from octane.ledger.entries import Entry, entry_of
from octane.ledger.trial_balance import trial_balance
from octane.reconciliation.differences import Difference, LineView
from octane.reconciliation.model import MatchClass, Source
from octane.store.items import Query, Table
from octane.store.store import Store
from world.memory_engine import MemoryEngine

DAY = "2026-11-21"
NOON = Instant(1_795_233_600_000)
FINANCE = Caller("ann", Role.FINANCE, "s1")
COLLEAGUE = Caller("bob", Role.FINANCE, "s2")
OPERATOR = Caller("eve", Role.OPERATOR, "s3")


class Clock:
    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> Instant:
        self.at = Instant(self.at + 1)
        return self.at


class Tokens:
    def __init__(self) -> None:
        self._next = count(1)

    def token(self) -> str:
        return f"token-{next(self._next)}"


class Signals:
    def __init__(self) -> None:
        self.names: list[str] = []

    def count(self, name: str, **_: str | int) -> None:
        self.names.append(name)


@dataclass
class Desk:
    """The dependencies of the use cases, as far as differences need them."""

    clock: Clock = field(default_factory=Clock)
    signals: Signals = field(default_factory=Signals)
    settings: Settings = field(default_factory=Settings)
    store: Any = None
    engine: Any = None

    def __post_init__(self) -> None:
        self.engine = MemoryEngine(self.clock)
        self.store = Store(self.engine, Tokens(), lambda _: None)

    def entries(self) -> list[Entry]:
        rows = self.engine.items(Table.LEDGER)
        return [entry_of(row) for row in rows if not str(row["sk"]).startswith("#")]

    def balance(self, account: str) -> int:
        return {row.account: row.net for row in trial_balance(self.entries())}.get(account, 0)

    def differences(self, source: Source = Source.WECHAT) -> list[Any]:
        query = Query(Table.RECONCILIATION, f"DAY#{DAY}#{source}", "DIFF#", "DIFF#~")
        return list(self.store.scan_pages(query))


def view(amount: int, **other: Any) -> LineView:
    plain = LineView(amount, 60, "CNY", "SUCCEEDED", "", "1900000001", "4200", NOON, DAY, 6)
    return plain._replace(**other)


def nobodys(amount: int = 5_000, number: str = "stranger-1", kind: LineKind = LineKind.PAYMENT) -> Difference:
    """The bill has a line under a number that we never used."""
    return Difference(Source.WECHAT, DAY, MatchClass.MISSING_HERE, kind, number, None, view(amount))


def lost_there(amount: int = 5_000, number: str = "ours-1", kind: LineKind = LineKind.PAYMENT) -> Difference:
    return Difference(Source.WECHAT, DAY, MatchClass.MISSING_THERE, kind, number, view(amount), None)


def mismatch(ours: LineView, theirs: LineView, *fields: str, kind: LineKind = LineKind.PAYMENT) -> Difference:
    return Difference(Source.WECHAT, DAY, MatchClass.MISMATCH, kind, "both-1", ours, theirs, fields)
