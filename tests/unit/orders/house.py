"""A small world of orders: tables in memory, a clock moved by hand, an issuer, a biller and a channel that
answer what a test wants."""

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from octane.billers.names import Biller
from octane.billers.port import BillerNoticeRefusedError, BillPart, BillPayment
from octane.bills.accounts import account_key
from octane.bills.holding import held_key
from octane.bills.plans import plan_key
from octane.channels.port import (
    CloseResult,
    PaymentMethod,
    PaymentProof,
    PaymentRequest,
    Prepared,
    RefundReport,
    RefundRequest,
    RefundState,
    Trade,
    TradeState,
)
from octane.coupons.holding import Coupon, coupon_key, coupon_of
from octane.issuers.port import RechargeRequest
from octane.kernel.caller import Caller, Role
from octane.kernel.clock import MINUTE
from octane.kernel.fulfilment import FulfilmentReport, FulfilmentState, FulfilmentUnknown
from octane.kernel.money import Fen
from octane.kernel.provinces import Province
from octane.kernel.settings import Settings
from octane.kernel.switches import Switches
from octane.kernel.vault import Field
from octane.ledger.accounts import wallet
from octane.ledger.balances import shard_key
from octane.ledger.entries import entry_of
from octane.orders.choices import Choice
from octane.orders.model import Dossier
from octane.orders.pay import StartedPayment, pay_order
from octane.orders.payment import accept_payment
from octane.orders.place import place_order
from octane.orders.recharge import start_recharge
from octane.orders.records import load
from octane.orders.wanted import PlaceBillOrder, PlaceOrder, Wanted
from octane.risk.defaults import default_rules
from octane.risk.rules import RuleSet, read_rules
from octane.routing.router import Router
from octane.rulebook.reader import RulesReader
from octane.stations.model import Station
from octane.stations.records import item_of as station_item
from octane.stations.records import station_key
from octane.store.items import Item, Key, Query, Table
from octane.store.store import Store
from octane.store.writes import Absent, Exists, Put, any_of
from world.engines import CountedNonces, HandClock
from world.memory_engine import MemoryEngine
from world.meter import Meter

NOON = 1_795_320_000_000
"""2026-11-22 12:00 in Beijing."""
ACCOUNT = "L" + "A" * 25
PLAN = "Q" + "A" * 25
TAG = "T" * 26
METER_NO = "2026000012345678"
CARD, ONE, TWO = "F" + "A" * 25, "C" + "2" * 25, "C" + "3" * 25
JSAPI = PaymentMethod.WECHAT_JSAPI
SUCCEEDED, REFUSED = FulfilmentState.SUCCEEDED, FulfilmentState.REFUSED


@dataclass
class Signals:
    seen: list[str] = field(default_factory=list)

    def count(self, name: str, **_detail: str | int) -> None:
        self.seen.append(name)


@dataclass
class Fulfiller:
    """An issuer or a biller: `answers` are what it says next, by turns; a SUCCEEDED where there is none."""

    answers: list[FulfilmentReport | FulfilmentUnknown | FulfilmentState] = field(default_factory=list)
    paid: list[BillPayment] = field(default_factory=list)
    recharged: list[RechargeRequest] = field(default_factory=list)
    queried: list[tuple[str | int, ...]] = field(default_factory=list)
    """As they were asked: the number, of a biller with the amount and the masked account."""

    def pay(self, payment: BillPayment) -> FulfilmentReport | FulfilmentUnknown:
        self.paid.append(payment)
        return self._say(payment.order_no, "answer")

    def submit(self, request: RechargeRequest) -> FulfilmentReport | FulfilmentUnknown:
        self.recharged.append(request)
        return self._say(request.order_no, "answer")

    def query(self, order_no: str, *about: str | int) -> FulfilmentReport | FulfilmentUnknown:
        self.queried.append((order_no, *about))
        return self._say(order_no, "query")

    def read_notice(self, body: bytes, headers: dict[str, str]) -> FulfilmentReport:
        if headers.get("sign") != "good":
            raise BillerNoticeRefusedError
        return FulfilmentReport(body.decode(), SUCCEEDED, "S1", source="notice")

    def _say(self, order_no: str, source: str) -> FulfilmentReport | FulfilmentUnknown:
        said = self.answers.pop(0) if self.answers else SUCCEEDED
        if not isinstance(said, FulfilmentState):
            return said
        code = "NOTHING_OWED" if said is REFUSED else ""
        return FulfilmentReport(order_no, said, "S1", code=code, source=source)


@dataclass
class Till:
    """A channel that holds every trade and gives every refund."""

    asked: list[PaymentRequest] = field(default_factory=list)
    refunds: list[RefundRequest] = field(default_factory=list)

    def prepare(self, request: PaymentRequest) -> Prepared:
        self.asked.append(request)
        return Prepared("prepay")

    def client_parameters(self, *_words: object) -> dict[str, str]:
        return {"package": "prepay"}

    def query(self, _trade: Trade) -> TradeState:
        return TradeState.CLOSED

    def close(self, _trade: Trade) -> CloseResult:
        return CloseResult.CLOSED

    def refund(self, request: RefundRequest) -> RefundReport:
        self.refunds.append(request)
        no, of, done = request.refund_no, request.trade.out_trade_no, RefundState.SUCCEEDED
        return RefundReport(no, of, done, request.amount, f"R{no}", None, "answer")


class Open:
    """All switches off."""

    def read(self) -> Switches:
        return Switches()


class Safe:
    """A vault whose seal can be read by eye, and opens for its field and owner only."""

    def open(self, field: Field, owner: str, sealed: str) -> str:
        plain = sealed.removeprefix(f"v1.{field.value}.{owner}.")
        assert plain != sealed
        return plain


class House:
    """Implements `octane.orders.deps.Deps`."""

    def __init__(self) -> None:
        self.clock = HandClock(NOON)
        self.meter = Meter()
        self.engine = MemoryEngine(self.clock, self.meter)
        self.store = Store(self.engine, CountedNonces(), pause=lambda attempt: None)
        self.settings = Settings()
        self.signals = Signals()
        self.vault = Safe()
        self.switches = Open()
        self.router = Router(self.store, self.clock, self.settings.routing_cache_ms)
        self.issuer, self.till = Fulfiller(), Till()
        self.billers = {name: Fulfiller() for name in Biller}
        self.ann = Caller("U" + "N" * 25, Role.CUSTOMER, "session", "openid")
        self.move_in()

    @cached_property
    def risk_rules(self) -> RulesReader[RuleSet]:
        return RulesReader(self.store, self.clock, Table.RISK, default_rules, read_rules)

    def channel_of(self, _name: object) -> Till:
        return self.till

    def biller_of(self, name: Biller) -> Fulfiller:
        return self.billers[name]

    def move_in(self) -> None:
        who = self.ann.user_id
        long_ago = self.clock.at - 400 * 24 * 60 * MINUTE
        self.put(Key(Table.IDENTITY, who, "#USER"), created_at=long_ago, phone="13800138000", role="customer")
        self.put(
            Key(Table.IDENTITY, who, f"CARD#{CARD}"),
            number="1000111100001234567",
            issuer="SINOPEC",
            holder_name="张三",
            holder_phone="13800138000",
            bound_at=long_ago,
            tag="N" + "A" * 25,
        )
        self.put(
            account_key(who, ACCOUNT),
            biller="ELECTRICITY",
            account_no=f"v1.bill_account.{who}.{METER_NO}",
            account_masked="****5678",
            account_tag=TAG,
            label="家",
            holder_masked="*三",
            bound_at=long_ago,
        )

    def put(self, key: Key, **item: Any) -> None:
        self.store.commit(Put(key, item, when=any_of(Absent(), Exists())))

    def item(self, key: Key) -> Item:
        return self.store.get(key) or {}

    def fill_wallet(self, amount: int) -> None:
        self.put(shard_key(wallet(self.ann.user_id), 0), available=amount, held=0)

    def gets_coupon(self, coupon_id: str = ONE, **terms: Any) -> None:
        item: dict[str, Any] = {
            **{"campaign_id": "K", "state": "AVAILABLE", "discount": "FIXED", "value": 500, "products": ""},
            **{"valid_from": NOON - MINUTE, "valid_until": NOON + 60 * MINUTE, "claimed_at": NOON - MINUTE},
            **{"threshold": 0, "cap": 0, "stackable": True, "returns": True},
        }
        self.put(coupon_key(self.ann.user_id, coupon_id), **item | terms)

    def coupon(self, coupon_id: str = ONE) -> Coupon:
        return coupon_of(self.item(coupon_key(self.ann.user_id, coupon_id)))

    def has_plan(self, **more: Any) -> None:
        item: dict[str, Any] = {
            **{"bill_account_id": ACCOUNT, "biller": "ELECTRICITY", "account_tag": TAG, "bill_no": "B1"},
            **{"account_masked": "****5678", "period": "2026-10", "amounts": [4_000, 4_000, 4_000]},
            **{"due_on": ["2026-11-22", "2026-12-22", "2027-01-22"], "made_by": self.ann.user_id},
            **{"made_at": NOON, "digest": "d", "paid": 0, "state": "ACTIVE"},
        }
        self.put(plan_key(self.ann.user_id, PLAN), **item | more)

    def plan(self) -> Item:
        return self.item(plan_key(self.ann.user_id, PLAN))

    def opens_station(self, *, closed: bool = False) -> None:
        where = (Province.SHANGHAI, "上海", "中国石化", 31_230_000, 121_470_000)
        station = Station(
            "S-1", "一号站", "", *where, ("92",), (), "1900000109", "", "00:00-24:00", {}, closed
        )
        self.put(station_key("S-1"), **station_item(station))

    def holder(self, bill_no: str) -> str:
        """The order that holds a bill."""
        return str(self.item(held_key(Biller.ELECTRICITY, TAG, bill_no)).get("order_id", ""))

    def place(self, wanted: Wanted, key: str = "key-0001") -> Dossier:
        return place_order(self, self.ann, wanted, key)  # type: ignore[arg-type]

    def start(
        self,
        order_id: str,
        *,
        method: PaymentMethod | None = JSAPI,
        platform: str = "",
        part: int = 0,
    ) -> StartedPayment:
        choice = Choice(None if platform else method, platform, Fen(part))
        return pay_order(self, self.ann, order_id, choice, f"pay-{method}")  # type: ignore[arg-type]

    def proof(self, order_id: str, amount: int, no: int = 1) -> PaymentProof:
        paid_at = self.clock.at
        return PaymentProof(f"{order_id}P{no:02d}", f"4200{no}", amount, paid_at, "payer", "query")  # type: ignore[arg-type]

    def pay(self, order_id: str, amount: int, no: int = 1) -> Dossier:
        """The channel says that it took so much."""
        return accept_payment(self, load(self.store, order_id), self.proof(order_id, amount, no))  # type: ignore[arg-type]

    def paid(self, wanted: Wanted, key: str = "key-0001") -> str:
        """An order that is placed and paid by a channel."""
        order = self.place(wanted, key).order
        self.start(order.order_id)
        self.pay(order.order_id, order.payable)
        return order.order_id

    def place_and_pay_bills(self) -> str:
        """Bills whose biller is working on them."""
        self.billers[Biller.ELECTRICITY].answers.append(FulfilmentState.RUNNING)
        order_id = self.paid(bills(("B1", 6_000), ("B2", 4_000)))
        start_recharge(self, order_id)  # type: ignore[arg-type]
        return order_id

    def order(self, order_id: str) -> Any:
        return load(self.store, order_id).order

    def nets(self) -> dict[str, int]:
        """What every account of the ledger stands at."""
        found: Counter[str] = Counter()
        for item in self.engine.items(Table.LEDGER):
            if not str(item["sk"]).startswith("#"):
                for leg in entry_of(item).legs:
                    found[leg.account] += leg.fen
        return {account: fen for account, fen in found.items() if fen}

    def entries(self, order_id: str) -> list[str]:
        items = self.store.scan_pages(Query(Table.LEDGER, order_id))
        return sorted(str(item["sk"]).partition("#")[0] for item in items)


def bills(*parts: tuple[str, int], **more: Any) -> PlaceBillOrder:
    return PlaceBillOrder(ACCOUNT, tuple(BillPart(no, amount) for no, amount in parts), **more)  # type: ignore[arg-type]


def card(amount: int = 10_000, *coupon_ids: str, **more: Any) -> PlaceOrder:
    return PlaceOrder(CARD, amount, coupon_ids, **more)
