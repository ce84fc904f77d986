"""The billers' books: accounts, what they owe, and payments, as a pure state machine.

    RUNNING -> PAID | REFUSED

Money in fen, instants in epoch ms. Invariants: all parts of a payment are taken, or none; what a payment
takes is owed no more, unless it is refused in the end: then it is owed again; an order number is one payment
for ever, also when it was refused at once.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any

from simulators.billers.names import PAID, REFUSALS, REFUSED, REVOKED, RUNNING
from simulators.protocol import Json, Notice, Now, RefusedError
from simulators.texts import DIGITS, moment, pick


@dataclass(slots=True)
class Tier:
    up_to: str
    used: str
    unit_price: str
    amount: int


@dataclass(slots=True)
class Bill:
    bill_no: str
    owed: int
    period: str
    due_on: str = ""
    partial: bool = False
    minimum: int = 1
    late_fee: int = 0
    unit: str = ""
    tiers: list[Tier] = field(default_factory=list)

    def view(self) -> Json:
        told = asdict(self)
        told["minimum"] = min(self.minimum, self.owed)
        told["late_fee"] = min(self.late_fee, self.owed)
        return told

    def check(self, amount: int) -> None:
        """Raise the refusal of a part that may not be paid."""
        if not self.owed or amount > self.owed:
            raise no("BILL_NOT_OWED")
        if amount < self.owed and not (self.partial and amount >= self.minimum):
            raise no("AMOUNT_NOT_ALLOWED")


@dataclass(slots=True)
class Account:
    biller: str
    account_no: str
    holder: str
    bills: dict[str, Bill] = field(default_factory=dict)
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be paid."""

    biller: str
    order_no: str
    account_no: str
    parts: tuple[tuple[str, int], ...]
    """Bill and fen."""

    @property
    def amount(self) -> int:
        return sum(fen for _, fen in self.parts)


@dataclass(slots=True, eq=False)
class Payment:
    order: Order
    payment_no: str
    due_at: int | None
    """When it ends by itself; None: when the control plane says so."""
    ends: str
    code: str
    """Why it is refused, or will be."""
    state: str = RUNNING
    ended_at: int = 0

    @property
    def keys(self) -> frozenset[str]:
        order = self.order
        bills = (number for number, _ in order.parts)
        return frozenset({order.biller, order.order_no, order.account_no, self.payment_no, *bills})

    def view(self) -> Json:
        """As it is told to the merchant: `refusal` and `finished_at` of those that ended."""
        told: Json = {
            "order_no": self.order.order_no,
            "account_no": self.order.account_no,
            "amount": self.order.amount,
            "state": self.state,
            "payment_no": self.payment_no,
        }
        if self.state == REFUSED:
            told["refusal"] = self.code
        if self.state != RUNNING:
            told["finished_at"] = self.ended_at
        return told


def no(code: str) -> RefusedError:
    return RefusedError(200, code, code)


Opening = Callable[[str, str], Account | None]
"""The account of a biller and number that nobody has made: it may exist all the same."""


class BillerBooks:
    def __init__(self, now: Now, random: Random, opening: Opening) -> None:
        self._now = now
        self._random = random
        self._opening = opening
        self.settle_ms = 300
        """How long a payment runs."""
        self.callback_url = ""
        """Where outcomes are told, the biller's name in small letters behind it; empty: nowhere."""
        self.accounts: dict[tuple[str, str], Account] = {}
        self.payments: dict[tuple[str, str], Payment] = {}
        self._notices: list[Notice] = []
        self._noticed = 0

    def account(self, biller: str, number: str) -> Account:
        """Raise ACCOUNT_UNKNOWN, ACCOUNT_CLOSED."""
        if (biller, number) not in self.accounts:
            opened = self._opening(biller, number)
            if opened is None:
                raise no("ACCOUNT_UNKNOWN")
            self.accounts[biller, number] = opened
        found = self.accounts[biller, number]
        if found.closed:
            raise no("ACCOUNT_CLOSED")
        return found

    def pay(self, order: Order, *, refuse: str = "", stay: bool = False, fail: str = "") -> Payment:
        """Take an order number; raise the refusal, which it keeps. `refuse`: with this code at once; `stay`:
        runs until `end`; `fail`: with this code in the end. A number that is taken is told as it stands."""
        known = self.payments.get((order.biller, order.order_no))
        if known is not None:
            if known.order != order:
                raise no("ORDER_REUSED")
            return known
        now = self._now()
        payment = Payment(
            order=order,
            payment_no=f"{order.biller[0]}{moment(now):%Y%m%d%H%M%S}{pick(self._random, DIGITS, 8)}",
            due_at=None if stay else now + self.settle_ms,
            ends=REFUSED if fail else PAID,
            code=fail,
        )
        try:
            if refuse:
                raise no(refuse)
            self._take(order)
        except RefusedError as refused:
            if refused.code in REFUSALS:
                payment.state, payment.code, payment.ended_at = REFUSED, refused.code, now
                self.payments[order.biller, order.order_no] = payment
            raise
        self.payments[order.biller, order.order_no] = payment
        return payment

    def find(self, biller: str, order_no: str) -> Payment:
        found = self.payments.get((biller, order_no))
        if found is None:
            raise no("PAYMENT_UNKNOWN")
        return found

    def end(self, order_no: str, state: str, code: str = "") -> Payment:
        """End a running payment (control plane)."""
        running = [each for each in self.payments.values() if each.order.order_no == order_no]
        if not running or running[0].state != RUNNING:
            raise no("NOT_RUNNING")
        running[0].code = code or (REVOKED if state == REFUSED else "")
        self._finish(running[0], state)
        return running[0]

    def settle(self) -> int | None:
        """End what is due; answer when the next one is."""
        now = self._now()
        running = [
            each for each in self.payments.values() if each.state == RUNNING and each.due_at is not None
        ]
        for each in running:
            if each.due_at is not None and each.due_at <= now:
                self._finish(each, each.ends)
        return min((each.due_at for each in running if each.due_at and each.due_at > now), default=None)

    def take_notices(self) -> list[Notice]:
        notices, self._notices = self._notices, []
        return notices

    def totals(self) -> dict[str, Any]:
        amounts = dict.fromkeys((PAID, RUNNING, REFUSED), 0)
        by_biller: dict[str, int] = {}
        for payment in self.payments.values():
            order = payment.order
            amounts[payment.state] += order.amount
            if payment.state == PAID:
                by_biller[order.biller] = by_biller.get(order.biller, 0) + order.amount
        return {
            "payments": len(self.payments),
            "paid_fen": amounts[PAID],
            "running_fen": amounts[RUNNING],
            "refused_fen": amounts[REFUSED],
            "by_biller": by_biller,
        }

    def _take(self, order: Order) -> None:
        """All parts, or none."""
        bills = self.account(order.biller, order.account_no).bills
        if not order.parts or len({number for number, _ in order.parts}) != len(order.parts):
            raise no("BILL_UNKNOWN")
        for number, fen in order.parts:
            if number not in bills:
                raise no("BILL_UNKNOWN")
            bills[number].check(fen)
        for number, fen in order.parts:
            bills[number].owed -= fen

    def _finish(self, payment: Payment, state: str) -> None:
        order, now = payment.order, self._now()
        payment.state, payment.ended_at = state, now
        if state == REFUSED:
            bills = self.accounts[order.biller, order.account_no].bills
            for number, fen in order.parts:
                bills[number].owed += fen
        if self.callback_url:
            self._noticed += 1
            url = f"{self.callback_url}/{order.biller.lower()}"
            told = {name: value for name, value in payment.view().items() if name != "account_no"}
            content = {**told, "biller": order.biller}
            event = f"PAYMENT.{state}"
            self._notices.append(Notice(self._noticed, "notice", event, payment.keys, url, now, content))
