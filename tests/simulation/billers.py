"""A biller: our port over the HTTP simulator's own books, no wire, no keys."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import NoReturn
from zlib import crc32

from octane.billers.codes import PAYMENT
from octane.billers.names import Biller
from octane.billers.port import BillPayment
from octane.kernel.clock import Instant
from octane.kernel.fulfilment import FulfilmentReport, FulfilmentState, FulfilmentUnknown
from octane.kernel.money import Fen
from simulation.faults import FAIL, LAGGING, QUERY, REFUSE, STALE, STAY, SUBMIT_BILLS
from simulation.world import ISSUER, STAY_MS, Lost, World
from simulators.billers.books import Order
from simulators.billers.names import PAID, REFUSED, RUNNING
from simulators.protocol import Json, RefusedError

SETTLE_MS = (300, 300, 4_000, 70_000, 600_000)
STATES = MappingProxyType(
    {
        RUNNING: FulfilmentState.RUNNING,
        PAID: FulfilmentState.SUCCEEDED,
        REFUSED: FulfilmentState.REFUSED,
    }
)


@dataclass(slots=True)
class SimulatedBiller:
    """Implements `octane.billers.port.BillerPort`, as far as orders need it."""

    world: World
    biller: Biller

    def owed(self, account_no: str) -> NoReturn:
        raise NotImplementedError

    def pay(self, payment: BillPayment) -> FulfilmentReport | FulfilmentUnknown:
        number = payment.order_no
        parts = tuple((part.bill_no, int(part.amount)) for part in payment.parts)
        order = Order(self.biller.value, number, payment.account_no, parts)

        def effect(kind: str) -> FulfilmentReport | FulfilmentUnknown:
            books = self.world.payments
            books.settle_ms = STAY_MS if kind == STAY else self.world.random.choice(SETTLE_MS)
            try:
                paid = books.pay(
                    order,
                    refuse="BILLER_REFUSED" if kind == REFUSE else "",
                    fail="PAYMENT_REVOKED" if kind == FAIL else "",
                )
            except RefusedError as refusal:
                return _refused(number, refusal.code)
            return _told(number, paid.view(), "answer")

        return self._ask("pay bills", number, SUBMIT_BILLS, effect)

    def query(self, order_no: str, amount: Fen, account_masked: str) -> FulfilmentReport | FulfilmentUnknown:
        absent = FulfilmentReport(order_no, FulfilmentState.NOT_FOUND, source="query")

        def effect(kind: str) -> FulfilmentReport | FulfilmentUnknown:
            if kind == STALE:
                return absent
            try:
                told = self.world.payments.find(self.biller.value, order_no).view()
            except RefusedError:
                return absent
            return _told(order_no, {**told, "state": RUNNING} if kind == LAGGING else told, "query")

        return self._ask("query bills", order_no, QUERY, effect)

    def read_notice(self, body: bytes, _headers: dict[str, str]) -> FulfilmentReport:
        content = json.loads(body)
        return _told(content["order_no"], content, "notice")

    def _ask(
        self,
        operation: str,
        number: str,
        kinds: tuple[str, ...],
        effect: Callable[[str], FulfilmentReport | FulfilmentUnknown],
    ) -> FulfilmentReport | FulfilmentUnknown:
        try:
            answer = self.world.outside(operation, number, kinds, ISSUER, effect)
        except Lost:
            return FulfilmentUnknown("LOST")
        if self.world.lines is not None:
            self.world.note(f"← {answer}")
        return answer


def _refused(number: str, code: str) -> FulfilmentReport | FulfilmentUnknown:
    if code not in PAYMENT:
        return FulfilmentUnknown(f"CODE_{code}")
    return FulfilmentReport(number, FulfilmentState.REFUSED, code=code, source="answer")


def _told(number: str, told: Json, source: str) -> FulfilmentReport:
    """Of every second order a biller tells its own number only when it is over."""
    finished = told.get("finished_at")
    is_numbered = told["state"] != RUNNING or crc32(number.encode()) % 2
    return FulfilmentReport(
        number,
        STATES[told["state"]],
        reference=told["payment_no"] if is_numbered else "",
        code=told.get("refusal", ""),
        source=source,
        fulfilled_at=Instant(finished) if finished and told["state"] == PAID else None,
    )
