"""A house whose billers and messenger answer as a test says; tables in memory, every call counted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from unit.privacy.house import House

from octane.billers.names import Biller
from octane.billers.port import BillerPort, BillerRefused, BillPart, Owed, OwedBill, Tier
from octane.bills.accounts import BillAccount
from octane.bills.binding import bind_account
from octane.bills.holding import HeldBills
from octane.bills.planning import PlanRequest, get_plan, make_plan
from octane.bills.plans import Plan
from octane.kernel.caller import Caller, Role
from octane.kernel.fulfilment import FulfilmentReport, FulfilmentUnknown
from octane.kernel.money import Fen
from octane.notify.messages import MessageRefused, MessageUnknown, Sent, Template
from octane.store.items import Item, Key, Page, Query
from octane.store.writes import Write
from world.memory_engine import MemoryEngine

ANN = Caller("UANN", Role.CUSTOMER, "S1", "openid-ann")
BOB = Caller("UBOB", Role.CUSTOMER, "S2", "openid-bob")
METER = "1100223344556"
TIERS = (Tier("240", "240", "0.4883", Fen(11_719)), Tier("", "60", "0.5383", Fen(3_230)))
LARGE = OwedBill("E202610", Fen(14_949), "2026-10", date(2026, 11, 30), True, Fen(100), Fen(50), "kWh", TIERS)
WHOLE = OwedBill("E202609", Fen(20_000), "2026-09")


class Company(BillerPort):
    """A biller: `answer` is what it says of any account; FulfilmentUnknown: it is silent."""

    def __init__(self) -> None:
        self.answer: Owed | BillerRefused | FulfilmentUnknown = Owed("*安", (LARGE, WHOLE))
        self.asked: list[str] = []

    def owed(self, account_no: str) -> Owed | BillerRefused | FulfilmentUnknown:
        self.asked.append(account_no)
        return self.answer

    def pay(self, payment: object) -> FulfilmentReport:
        raise AssertionError("nothing of this room pays")

    def query(self, order_no: str, amount: Fen, account_masked: str) -> FulfilmentReport:
        raise AssertionError("nothing of this room asks for an order")

    def read_notice(self, body: bytes, headers: dict[str, str]) -> FulfilmentReport:
        raise AssertionError("nothing of this room hears notices")


@dataclass
class Phone:
    """The messenger: `answer` is what becomes of the next messages."""

    answer: Sent | MessageRefused | MessageUnknown = field(default_factory=Sent)
    sent: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    def send(
        self, openid: str, template: Template, words: Mapping[str, str]
    ) -> Sent | MessageRefused | MessageUnknown:
        assert template is Template.INSTALMENT_DUE
        self.sent.append((openid, dict(words)))
        return self.answer


class Counted:
    """Counts the calls of the engine behind it."""

    def __init__(self, engine: MemoryEngine) -> None:
        self.engine, self.calls = engine, list[str]()

    def get(self, key: Key) -> Item | None:
        self.calls.append("get")
        return self.engine.get(key)

    def query(self, query: Query) -> Page:
        self.calls.append("query")
        return self.engine.query(query)

    def batch_get(self, keys: list[Key]) -> list[Item]:
        self.calls.append("batch_get")
        return self.engine.batch_get(keys)

    def write(self, write: Write) -> Item | None:
        self.calls.append("write")
        return self.engine.write(write)

    def transact(self, writes: tuple[Write, ...], token: str) -> None:
        self.calls.append("transact")
        self.engine.transact(writes, token)


class BillHouse(House):
    def __post_init__(self) -> None:
        super().__post_init__()
        self.companies = {biller: Company() for biller in Biller}
        self.messenger = Phone()
        self.counted = Counted(self.engine)
        object.__setattr__(self.store, "engine", self.counted)  # the store that all share
        self.clock.at = 1_795_329_000_000  # 2026-11-22, noon in Beijing

    @property
    def power(self) -> Company:
        return self.companies[Biller.ELECTRICITY]

    def biller_of(self, biller: Biller) -> Company:
        return self.companies[biller]

    def bind(self, caller: Caller = ANN, number: str = METER, key: str = "bind-0001") -> BillAccount:
        return bind_account(self, caller, Biller.ELECTRICITY, number, "家里", key)

    def plan(self, caller: Caller = ANN, instalments: int = 3, key: str = "plan-0001") -> Plan:
        account = self.bind(caller)
        return make_plan(self, caller, PlanRequest(account.bill_account_id, "E202610", instalments), key)

    def again(self, plan: Plan) -> Plan:
        """The plan as it is kept now."""
        return get_plan(self.store, plan.account_id, plan.plan_id)


def holds(account: BillAccount, order_id: str = "T1", *bill_nos: str) -> HeldBills:
    parts = tuple(BillPart(no, Fen(100)) for no in bill_nos or ("E202610",))
    return HeldBills(order_id, account.account_id, account.biller, account.tag, parts)


def pays(plan: Plan, order_id: str = "T1", instalments: int = 1) -> HeldBills:
    """An order of a plan."""
    parts = (BillPart(plan.bill_no, Fen(100)),)
    return HeldBills(
        order_id, plan.account_id, plan.biller, plan.account_tag, parts, plan.plan_id, instalments
    )
