"""A small world of coupons: tables in memory, a clock moved by hand, staff and customers."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from octane.coupons.campaigns import Audience, Campaign, CampaignState, Offer, Terms
from octane.coupons.claims import Claims
from octane.coupons.editing import Change, NewCampaign, change_campaign, create_campaign
from octane.coupons.holding import Coupon, Discount
from octane.coupons.ports import TankStock
from octane.coupons.stock import Shard, read_shards
from octane.kernel.caller import Caller, Member, Role
from octane.kernel.clock import MINUTE, Instant
from octane.kernel.ids import derive_id
from octane.kernel.settings import Settings
from octane.limits.buckets import Buckets
from octane.limits.table import limits_of
from octane.store.engine import Engine
from octane.store.items import CLAIMS, Item, Query, Table
from octane.store.store import Store
from octane.store.writes import Update
from world.engines import CountedNonces, HandClock
from world.memory_engine import MemoryEngine
from world.meter import Meter

NOON = 1_795_320_000_000
STAFF = Caller("U" + "S" * 25, Role.OPERATOR, "S")
TERMS = Terms(Discount.FIXED, 500, 30)


@dataclass
class Signals:
    seen: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def count(self, name: str, **detail: str | int) -> None:
        self.seen.append((name, detail))


@dataclass
class Tanks:
    """An ERP that says what a test wants."""

    said: tuple[TankStock, ...] | None = ()

    def tanks(self) -> tuple[TankStock, ...] | None:
        return self.said


def offer(**more: Any) -> Offer:
    opens = Instant(NOON - MINUTE)
    return Offer("国庆", 10, opens, Instant(NOON + 60 * MINUTE), 1, 200, TERMS)._replace(**more)


def tank(
    litres: int, grade: str = "92", group: str = "EAST", at: int = NOON, threshold: int = 100
) -> TankStock:
    return TankStock(grade, group, litres, threshold, Instant(at))


def customer(number: int | str) -> Caller:
    return Caller(derive_id("U", str(number)), Role.CUSTOMER, "S")


def member(number: int | str) -> Caller:
    return acting(customer(number), number)


def acting(who: Caller, enterprise: int | str) -> Caller:
    """Somebody who acts for an enterprise."""
    return who._replace(enterprise_id=derive_id("E", str(enterprise)), member=Member.OPERATOR)


class House:
    """Implements what the use cases of coupons need; `claims` is one process."""

    def __init__(self) -> None:
        self.clock = HandClock(NOON)
        self.meter = Meter()
        self.engine: Engine = MemoryEngine(self.clock, self.meter)
        self.nonces = CountedNonces()
        self.store = self.store_on(self.engine)
        self.signals = Signals()
        self.erp: Tanks | None = Tanks()
        self.buckets = Buckets(self.store, self.clock, self.signals, limits_of(Settings()))
        self.claims = self.process()
        self.keys = 0

    def store_on(self, engine: Engine) -> Store:
        return Store(engine, self.nonces, pause=lambda attempt: None)

    def process(self) -> Claims:
        return Claims(self.store, self.clock)

    def key(self) -> str:
        self.keys += 1
        return f"key-{self.keys:06d}"

    def draft(
        self, audience: Audience = Audience.ALL, group: str = "", grade: str = "", **more: Any
    ) -> Campaign:
        request = NewCampaign(offer(**more), audience, limit_group=group, supply_grade=grade)
        return create_campaign(self, STAFF, request, self.key())

    def opened(self, *arguments: Any, **more: Any) -> Campaign:
        return self.change(self.draft(*arguments, **more), state=CampaignState.OPEN)

    def change(self, campaign: Campaign, state: CampaignState | None = None, **more: Any) -> Campaign:
        change = Change(campaign.version, state or campaign.state, campaign.offer._replace(**more))
        return change_campaign(self, STAFF, campaign.campaign_id, change)

    def claim(self, campaign: Campaign, who: Caller | int, key: str = "key-000000") -> Coupon:
        caller = customer(who) if isinstance(who, int) else who
        return self.claims.claim(caller, campaign.campaign_id, key)

    def shards(self, campaign: Campaign) -> list[Shard]:
        return read_shards(self.store, campaign)

    def coupons(self, campaign: Campaign) -> list[Item]:
        return [
            item
            for number in range(campaign.shards)
            for item in self.store.scan_pages(
                Query(Table.COUPONS, f"{campaign.campaign_id}#{number:02d}", index=CLAIMS)
            )
        ]

    def calls(self, name: str = "counted") -> Any:
        return self.meter.operation(name)


class Raced:
    """An engine on which something else happens before each transaction of many items."""

    def __init__(self, engine: Any, happens: Any) -> None:
        self.engine, self.happens = engine, happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    def transact(self, writes: Any, token: str) -> None:
        if any(isinstance(write, Update) and "version" in write.assign for write in writes):
            self.happens()
        self.engine.transact(writes, token)


@pytest.fixture
def house() -> House:
    return House()
