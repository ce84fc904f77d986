"""Who keeps what beside the orders: customers' wallets, the channels' quotas, decisions and health.

Like the witness, each has its own copy of the rules and reads the tables' streams only. What a commit changed
is told first, then checked as one.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Any

from simulation.differences import Differences
from simulation.violations import must
from simulation.world import World
from world.memory_engine import Change, ChangeKind

Record = Mapping[str, Any]
OPEN = {"STARTED", "PREPARED"}
UNPAID = {"REFUSED", "CLOSED"}
WALLET = "WALLET:"
SKEW = 4_000
BEIJING, DAY = 8 * 3_600_000, 86_400_000


@dataclass(slots=True)
class Wallets:
    """available + held is what we owe the customer, and held is what open attempts have set aside."""

    balances: dict[str, Record] = field(default_factory=dict)
    nets: Counter[str] = field(default_factory=Counter)
    """Debits less credits."""
    parts: Counter[str] = field(default_factory=Counter)
    """What open attempts say that they hold."""
    touched: dict[str, None] = field(default_factory=dict)

    def balance(self, change: Change) -> None:
        _, account, shard = change.key.pk.split("#")
        if account.startswith(WALLET):
            must(shard == "00", "a wallet has one balance", change.key.pk)
            self.balances[account] = change.new or {}
            self.touched[account] = None

    def leg(self, account: str, fen: int) -> None:
        if account.startswith(WALLET):
            self.nets[account] += fen
            self.touched[account] = None

    def attempt(self, user_id: str, old: Record, new: Record) -> None:
        before, after = (int(a.get("wallet", 0)) if a.get("status") in OPEN else 0 for a in (old, new))
        if before != after:
            self.parts[WALLET + user_id] += after - before
            self.touched[WALLET + user_id] = None

    def check(self) -> None:
        for account in self.touched:
            item = self.balances.get(account, {})
            available, held = (int(item.get(name, 0)) for name in ("available", "held"))
            owed, parts = -self.nets[account], self.parts[account]
            text = f"{account}: available {available}, held {held}, owed {owed}, open attempts {parts}"
            must(available + held == owed, "a wallet is what the ledger owes", text)
            must(held == parts, "a wallet holds what open attempts set aside", text)
        self.touched.clear()


@dataclass(slots=True)
class Quotas:
    """Never exceeded, and used by what was not given back."""

    world: World
    used: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    taken: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    """What attempts say that they took and have not given back."""
    plans: Mapping[str, list[Record]] = field(default_factory=dict)
    touched: dict[tuple[str, str, int], None] = field(default_factory=dict)

    def rules(self, text: str) -> None:
        self.plans = json.loads(text)["quotas"]

    def item(self, change: Change) -> None:
        _, channel, day, shard = change.key.pk.split("#")
        key = channel, day, int(shard)
        self.used[key] = int((change.new or {}).get("used", 0))
        self.touched[key] = None
        plan = next((p for p in reversed(self.plans.get(channel, [])) if p["from_day"] <= day), None)
        if plan is not None:
            share, rest = divmod(int(plan["limit_fen"]), int(plan["shards"]))
            limit = share + (key[2] < rest)
            must(0 <= self.used[key] <= limit, "a quota is never exceeded", f"{key}: {self.used[key]}")

    def attempt(self, old: Record, new: Record) -> None:
        if not old:
            sign, text = 1, str(new.get("quota", ""))
            whole = sum(fen for _, fen in self._parts(text))
            must(not text or whole == new.get("amount"), "a quota is taken for the whole part", new)
        elif old["status"] in OPEN and new["status"] in UNPAID:
            sign, text = -1, str(old.get("quota", ""))
        else:
            return
        for key, fen in self._parts(text):
            if sign > 0 or key[1] >= self._today():
                self.taken[key] += sign * fen
                self.touched[key] = None

    def check(self) -> None:
        for key in self.touched:
            text = f"{key}: used {self.used[key]}, by attempts {self.taken[key]}"
            must(self.used[key] == self.taken[key], "a quota is used by what was not given back", text)
        self.touched.clear()

    def _parts(self, text: str) -> Iterator[tuple[tuple[str, str, int], int]]:
        if text:
            channel, day, parts = text.split(":")
            for part in parts.split(","):
                shard, fen = part.split("=")
                yield (channel, day, int(shard)), int(fen)

    def _today(self) -> str:
        return _day((self.world.scheduler.now + BEIJING) // DAY)


@cache
def _day(days: int) -> str:
    return f"{date(1970, 1, 1) + timedelta(days=days):%Y%m%d}"


@dataclass(slots=True)
class Health:
    """The probe of a sick channel is taken by one at a time."""

    world: World

    def item(self, change: Change) -> None:
        old, new = change.old or {}, change.new or {}
        if new.get("circuit") != "HALF_OPEN" or old.get("probe_by") == new.get("probe_by"):
            return
        soon = self.world.scheduler.now + SKEW
        waits = {"OPEN": "retry_at", "HALF_OPEN": "probe_until"}.get(str(old.get("circuit")), "")
        free = bool(waits) and soon >= int(str(old[waits]))
        must(free, "a sick channel has a single probe", f"{change.key.pk} {old} {new}")


@dataclass(slots=True)
class Routes:
    """Decisions are stored with the attempts that they opened, and never change."""

    decisions: list[str] = field(default_factory=list)
    winners: dict[tuple[str, str], str] = field(default_factory=dict)

    def item(self, change: Change) -> None:
        name = f"{change.key.pk} {change.key.sk}"
        must(change.kind is ChangeKind.INSERT, "a decision is never changed", name)
        text = str((change.new or {})["decision"])
        self.decisions.append(text)
        self.winners[change.key.pk, change.key.sk[-2:]] = str(json.loads(text)["winner"])

    def check(self) -> None:
        must(not self.winners, "a decision is stored with its attempt", f"alone: {self.winners}")

    def attempt(self, order_id: str, number: str, new: Record) -> None:
        """Told of a new attempt, after what was committed with it."""
        winner = self.winners.pop((order_id, number), "")
        wanted = new["method"] if new.get("platform") else ""
        must(winner == wanted, "a decision is stored with its attempt", f"{number}: {winner} {wanted}")


@dataclass(slots=True)
class Keepers:
    world: World
    wallets: Wallets = field(default_factory=Wallets)
    quotas: Quotas = field(init=False)
    health: Health = field(init=False)
    routes: Routes = field(default_factory=Routes)
    rules: dict[int, str] = field(default_factory=dict)
    differences: Differences = field(init=False)

    def __post_init__(self) -> None:
        self.quotas = Quotas(self.world)
        self.health = Health(self.world)
        self.differences = Differences(self.world)

    def routing(self, change: Change) -> None:
        """Told of a change in the routing table."""
        kind, sort = change.key.pk.partition("#")[0], change.key.sk
        if kind == "QUOTA":
            self.quotas.item(change)
        elif kind == "HEALTH":
            self.health.item(change)
        elif sort.startswith("VERSION#"):
            text, version = str((change.new or {})["text"]), int(sort.partition("#")[2])
            must(version not in self.rules, "published rules never change", sort)
            self.rules[version] = text
            self.quotas.rules(text)

    def check(self) -> None:
        self.wallets.check()
        self.quotas.check()
        self.routes.check()
        self.differences.check()
