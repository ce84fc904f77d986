"""Customers and staff: they send, wait, send again under the same key, tap twice, and remember."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import TypeVar

from octane.billers.port import BillPart
from octane.channels.port import PaymentMethod
from octane.coupons.holding import Coupon
from octane.kernel.caller import Caller, Role
from octane.kernel.errors import OctaneError, StateError, UnavailableError
from octane.kernel.ids import derive_id
from octane.kernel.money import Fen
from octane.orders.access import get_order
from octane.orders.attempts import PaymentRefusedError
from octane.orders.cancel import cancel_order
from octane.orders.choices import Choice
from octane.orders.model import Dossier, Refund
from octane.orders.pay import StartedPayment, pay_order
from octane.orders.place import place_order
from octane.orders.quick_pay import QuickPay, quick_pay
from octane.orders.refund import grant_refund
from octane.orders.rules import get_rules, publish_rules
from octane.orders.states import OrderState
from octane.orders.wanted import PlaceBillOrder, PlaceOrder, PlaceWalletTopUp, Wanted
from octane.store.items import Key, Table
from octane.store.writes import Absent, Put
from simulation.delivery import API_LIFE, invoke
from simulation.deps import SimulatedDeps
from simulation.faults import DOUBLE, LOST, LOST_AFTER, REQUEST
from simulation.world import World, number_text
from simulators.protocol import RefusedError

BEIJING, DAY = 8 * 3_600_000, 86_400_000
PATIENCE = 12_000
"""A client waits so long for an answer, in milliseconds."""
TRIES = 4
SINOPEC, PETROCHINA = "100011{:013d}", "90{:014d}"

Answer = TypeVar("Answer")


class NoAnswerError(UnavailableError):
    """The client never heard; the same request may be sent again."""

    code = "NO_ANSWER"


@dataclass(slots=True)
class Seen:
    """What a person knew of an order at a moment, from an answer to a request sent at `asked`."""

    order_id: str
    state: OrderState
    version: int
    asked: int
    at: int


@dataclass(slots=True)
class Grant:
    order_id: str
    key: str
    amount: int
    made: Refund | None = None


@dataclass(slots=True)
class Person:
    """A client of ours. Its methods are called within its own process."""

    world: World
    deps: SimulatedDeps
    name: str
    role: Role = Role.CUSTOMER
    seen: list[Seen] = field(default_factory=list)
    grants: list[Grant] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    acknowledged: set[str] = field(default_factory=set)
    bill_account_id: str = ""

    @property
    def user_id(self) -> str:
        return f"user-{self.name}"

    @property
    def caller(self) -> Caller:
        return Caller(self.user_id, self.role, "session", f"openid-{self.name}")

    @property
    def random(self) -> Random:
        process = self.world.scheduler.running
        return process.random if process else self.world.random

    def moves_in(self) -> None:
        """Bind a card and open two pages, before the story begins."""
        number = sum(self.name.encode())
        card = (SINOPEC if number % 4 else PETROCHINA).format(number)
        bound = {
            "number": card,
            "issuer": "SINOPEC" if number % 4 else "PETROCHINA",
            "holder_name": "张三",
            "holder_phone": "13800138000",
            "bound_at": self.world.scheduler.now,
        }
        self.world.engine.write(Put(Key(Table.IDENTITY, self.user_id, "CARD#card"), bound, when=Absent()))
        for page in ("one", "two"):
            key = Key(Table.IDENTITY, self.user_id, f"CONNECTION#{self.name}-{page}")
            self.world.engine.write(Put(key, {"opened_at": self.world.scheduler.now}, when=Absent()))

    def wait(self, least: int, most: int) -> None:
        self.world.scheduler.sleep(self.random.randint(least, most))

    def wait_until(self, hour: int, minute: int) -> None:
        """Sleep until this time of day in Beijing, a minute more or less early."""
        at = (hour * 60 + minute) * 60_000
        now = self.world.scheduler.now
        self.world.scheduler.sleep((at - now - BEIJING) % DAY - self.random.randint(0, 59_000))

    def request(self, kind: str, alias: str, act: Callable[[], Answer]) -> Answer:
        """Send a request until it is answered for good; the same closure is the same key."""
        for attempt in range(TRIES):
            try:
                return self._send(kind, alias, act)
            except OctaneError as error:
                if attempt == TRIES - 1 or not (error.retryable or error.status >= 500):
                    raise
            self.wait(300, 3_000)
        raise NoAnswerError

    def _send(self, kind: str, alias: str, act: Callable[[], Answer]) -> Answer:
        world = self.world
        process = world.scheduler.running
        if process is None:
            raise LookupError("a person acts within a process")
        process.calls += 1
        fault = world.point(f"{process.name}:{process.calls}", f"request {kind}", REQUEST)
        answers: list[Answer | OctaneError] = []
        taps = 0 if fault == LOST else 2 if fault == DOUBLE else 1
        under_way = [None] * taps
        waiting = [True]

        def stop_waiting() -> None:
            if waiting:
                waiting.clear()
                world.scheduler.wake(process, process.random.randint(5, 60))

        def work() -> None:
            try:
                answers.append(act())
            except OctaneError as error:
                answers.append(error)
                raise

        def ended(_done: bool) -> None:
            under_way.pop()
            if answers or not under_way:
                stop_waiting()

        for tap in range(taps):
            delay = process.random.randint(5, 40) + tap * process.random.randint(0, 150)
            invoke(world, kind, alias, work, delay=delay, life=API_LIFE, ended=ended)
        world.scheduler.at(world.scheduler.now + PATIENCE, stop_waiting)
        world.scheduler.park()
        if fault == LOST_AFTER or not answers:
            raise NoAnswerError
        answer = answers[0]
        if isinstance(answer, OctaneError):
            raise answer
        return answer

    def place(self, alias: str, amount: int, *, coupons: tuple[str, ...] = ()) -> str:
        """Order a top-up of the own card; return its id, or "" when it is refused."""
        return self._place(alias, "place_order", "", PlaceOrder("card", amount, coupons), must=not coupons)

    def place_bills(
        self, alias: str, bills: tuple[tuple[str, int], ...], *, coupons: tuple[str, ...] = ()
    ) -> str:
        parts = tuple(BillPart(bill_no, Fen(amount)) for bill_no, amount in bills)
        wanted = PlaceBillOrder(self.bill_account_id, parts, coupon_ids=coupons)
        return self._place(alias, "place_bill_order", "bills ", wanted)

    def place_plan(self, alias: str, plan_id: str, instalments: int) -> str:
        wanted = PlaceBillOrder(self.bill_account_id, plan_id=plan_id, instalments=instalments)
        return self._place(alias, "place_bill_order", "bills ", wanted)

    def claim(self, campaign_id: str, key: str) -> Coupon:
        claims = self.random.choice(self.deps.claims)
        return self.request("claim_coupon", "", lambda: claims.claim(self.caller, campaign_id, key))

    def _place(self, alias: str, function: str, word: str, wanted: Wanted, *, must: bool = False) -> str:
        key = f"key-{alias}-{self.world.schedule.seed}"
        order_id = derive_id("T", self.user_id, f"{word}{key}")
        self.world.aliases[order_id] = alias
        asked = self.world.scheduler.now
        try:
            placed = self.request(function, alias, lambda: place_order(self.deps, self.caller, wanted, key))
        except (StateError, NoAnswerError) as error:
            if must:
                raise
            self.world.note(f"places nothing: {error.code}")
            return ""
        self.orders.append(order_id)
        self.acknowledged.add(order_id)
        self._saw(placed, asked)
        return order_id

    def quick_pay(self, alias: str, yuan: int) -> str:
        """Place and pay in one request; return the reference to pay with, or ""."""
        key = f"quick-{alias}-{self.world.schedule.seed}"
        order_id = derive_id("T", self.user_id, f"payments/create {key}")
        self.world.aliases[order_id] = alias
        self.orders.append(order_id)
        asked = self.world.scheduler.now
        wish = QuickPay(self.user_id, Decimal(yuan), PaymentMethod.WECHAT_JSAPI, None)
        try:
            started = self.request(
                "create_payment", alias, lambda: quick_pay(self.deps, self.caller, wish, key)
            )
        except OctaneError as error:
            self.world.note(f"gives up paying: {error.code}")
            return ""
        self.acknowledged.add(order_id)
        self._saw(started.dossier, asked)
        return started.attempt.reference

    def pay(
        self,
        order_id: str,
        method: PaymentMethod | None = PaymentMethod.WECHAT_JSAPI,
        key: str = "pay",
        *,
        platform: str = "",
        wallet: int = 0,
    ) -> str:
        """Start paying, with a new key after a refusal; return the reference to pay with, or "".

        With a platform, and no method, the choice is routing's.
        """
        alias = self.world.alias(order_id)
        choice = Choice(None if platform else method, platform, Fen(wallet))
        for attempt in range(3):
            asked = self.world.scheduler.now
            under = f"{key}-{alias}-{attempt}"

            def act(under: str = under) -> StartedPayment:
                return pay_order(self.deps, self.caller, order_id, choice, under)

            try:
                started = self.request("pay_order", alias, act)
            except PaymentRefusedError:
                continue
            except OctaneError as error:
                self.world.note(f"gives up paying: {error.code}")
                return ""
            self._saw(started.dossier, asked)
            return started.attempt.reference
        return ""

    def insist(self, order_id: str, platform: str, *, wallet: int = 0, most: int = 8) -> str:
        """Send the same routed payment again and again, as a customer before a page that says "again"."""
        for _ in range(most):
            reference = self.pay(order_id, platform=platform, wallet=wallet)
            if reference:
                return reference
            self.wait(5_000, 40_000)
            if self.look(order_id) not in (OrderState.PENDING, OrderState.PAYING):
                break
        return ""

    def confirm(self, reference: str, *, amount: int | None = None, late: bool = False) -> bool:
        """Confirm on the phone: between the customer and the channel alone."""
        books = next((b for b in self.world.books.values() if reference and b.knows(reference)), None)
        if books is None:
            return False
        try:
            number = books.pay(reference, amount, late)
        except RefusedError as refusal:
            self.world.note(f"the phone says {refusal.code}")
            return False
        self.world.note(f"pays for {number_text(number, self.world.alias(number))} at {books.name}")
        self.world.effected()
        return True

    def top_up(self, alias: str, amount: int) -> str:
        """Order a top-up of the own wallet."""
        return self._place(alias, "top_up_wallet", "wallet ", PlaceWalletTopUp(amount), must=True)

    def cancel(self, order_id: str) -> None:
        asked = self.world.scheduler.now
        alias = self.world.alias(order_id)
        try:
            done = self.request("cancel_order", alias, lambda: cancel_order(self.deps, self.caller, order_id))
        except OctaneError as error:
            self.world.note(f"cannot cancel: {error.code}")
            return
        self._saw(done, asked)

    def look(self, order_id: str) -> OrderState | None:
        asked = self.world.scheduler.now
        alias = self.world.alias(order_id)
        try:
            found = self.request("get_order", alias, lambda: get_order(self.deps, self.caller, order_id))
        except OctaneError as error:
            self.world.note(f"sees nothing: {error.code}")
            if order_id in self.acknowledged and error.status == 404:
                self.seen.append(Seen(order_id, OrderState.PENDING, 0, asked, self.world.scheduler.now))
            return None
        self._saw(found, asked)
        return found.order.state

    def watch(
        self, order_id: str, waits: tuple[int, ...] = (2_000, 20_000, 300_000, 1_500_000)
    ) -> OrderState | None:
        """Look now and then until the order has ended."""
        state = None
        for most in waits:
            self.wait(most // 4, most)
            state = self.look(order_id)
            if state in (OrderState.SUCCEEDED, OrderState.FAILED, OrderState.CLOSED):
                break
        return state

    def grant(self, order_id: str, amount: int, key: str) -> Refund | None:
        grant = Grant(order_id, key, amount)
        self.grants.append(grant)
        alias = self.world.alias(order_id)

        def act() -> Refund:
            return grant_refund(self.deps, self.caller, order_id, amount, "staff", key)

        try:
            grant.made = self.request("refund_order", alias, act)
        except OctaneError as error:
            self.world.note(f"cannot refund: {error.code}")
        return grant.made

    def publish(self, draft: str) -> None:
        """Staff read the routing rules and put others in force."""
        fields, deps, me = json.loads(draft), self.deps, self.caller
        try:
            before = self.request("get_rules", "", lambda: get_rules(deps, me)).version
            self.request("publish_rules", "", lambda: publish_rules(deps, me, fields, before))
        except OctaneError as error:
            self.world.note(f"cannot publish: {error.code}")

    def _saw(self, dossier: Dossier, asked: int) -> None:
        order = dossier.order
        self.world.note(f"sees {self.world.alias(order.order_id)} {order.state} v{order.version}")
        self.seen.append(Seen(order.order_id, order.state, order.version, asked, self.world.scheduler.now))
