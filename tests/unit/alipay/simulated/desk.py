"""What the tests against the simulated Alipay share: a world in process, and its orders."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from octane.channels.alipay.client import Alipay
from octane.channels.port import (
    PaymentMethod,
    PaymentProof,
    PaymentRequest,
    Prepared,
    RefundRequest,
    Trade,
)
from octane.kernel.clock import Instant
from octane.kernel.money import Fen
from octane.wire.http import NoAnswerError, Response
from simulators.alipay.company import Alipay as Company
from simulators.keys import new_keys
from simulators.misbehaviour import ANSWERING, WRITING, Effect, parse_rule
from simulators.protocol import Call

START = 1_770_000_000_000  # 2026-02-02 10:40:00 in Beijing
KEYS = new_keys(datetime.fromtimestamp(START // 1000, UTC))
BASE = "http://alipay.test"
NO = "ORDER1P01"
DAY_MS = 86_400_000


class Clock:
    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> int:
        return self.at

    def now(self) -> Instant:
        return Instant(self.at)


class InProcess:
    """Carries calls to the company as a deterministic world does."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.calls: list[Call] = []

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> Response:
        call = Call(method, url.removeprefix(BASE), {**headers, "host": "alipay.test"}, body or b"")
        self.calls.append(call)
        subject = self.company.subject(call)
        assert subject is not None
        faults = self.company.rules.take(subject.operation, subject.keys, ANSWERING)
        if Effect.DROP_BEFORE in faults:
            raise NoAnswerError("reset")
        reply = self.company.handle(call, subject, faults)
        if Effect.DROP_AFTER in faults:
            raise NoAnswerError("reset")
        return Response(reply.status, reply.headers, reply.body)


def trade(number: str = NO) -> Trade:
    return Trade(number, Instant(START), Instant(START + 900_000))


def payment(method: PaymentMethod = PaymentMethod.ALIPAY_JSAPI, number: str = NO) -> PaymentRequest:
    return PaymentRequest(trade(number), method, Fen(5_000), "加油卡充值", "o-payer")


QR = payment(PaymentMethod.ALIPAY_NATIVE)


def refund(transaction_id: str, number: str = "ORDER1F01", fen: int = 2_000) -> RefundRequest:
    at = Instant(START)
    return RefundRequest(number, trade(), transaction_id, Fen(fen), Fen(5_000), "why", at, at)


def paid(channel: Alipay, company: Company) -> PaymentProof:
    assert isinstance(channel.prepare(payment()), Prepared)
    company.command("POST /cashier/pay", {"out_trade_no": NO})
    proof = channel.query(trade())
    assert isinstance(proof, PaymentProof)
    return proof


def misbehave(company: Company, operation: str, effect: str, **more: Any) -> None:
    company.rules.add(parse_rule({"operation": operation, "effect": effect, "count": 1, **more}))


def letter(company: Company, effect: str = "") -> tuple[dict[str, str], bytes]:
    [notice] = company.take_notices()
    if effect:
        misbehave(company, notice.operation, effect)
    written = company.letter(notice, company.rules.take(notice.operation, notice.keys, WRITING))
    return {name.lower(): value for name, value in written.headers.items()}, written.body
