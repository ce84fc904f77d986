"""The simulated billers in this process, and our clients of them: the real bytes, no sockets."""

from collections.abc import Callable, Mapping
from datetime import date
from random import Random

from octane.billers.accounts import masked
from octane.billers.client import BillerAdapter, open_biller
from octane.billers.config import BillerConfig
from octane.billers.dialect import Line
from octane.billers.names import Biller
from octane.billers.port import BillPayment, Owed
from octane.kernel.clock import Instant
from octane.kernel.fulfilment import FulfilmentReport, FulfilmentUnknown
from octane.wire.http import NoAnswerError, Response
from simulators.billers.company import Billers
from simulators.misbehaviour import ANSWERING, WRITING, Effect, parse_rule
from simulators.protocol import Call, Letter
from simulators.texts import midnight

HOST = "billers.test"
URL = f"http://{HOST}"
DAY = date(2026, 11, 18)
NOON = midnight(DAY) + 12 * 3_600_000
KEYS = {biller.value: f"{biller.value.lower()}-key" for biller in Biller}
ACCOUNTS = {
    Biller.ELECTRICITY: "1100234567812345",
    Biller.WATER: "20260012345",
    Biller.GAS: "33012345678",
    Biller.PARKING: "京AD12345",
    Biller.PROPERTY: "JGHY03021201",
}
Change = Callable[[Response], Response]


class Clock:
    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> Instant:
        return Instant(self.at)


class Counted:
    """Nonces that tell one call from another."""

    def __init__(self) -> None:
        self.given = 0

    def token(self) -> str:
        self.given += 1
        return f"{self.given:032x}"


class Town:
    """The company, and the wire to it. `on_the_way` changes an answer before it arrives."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.company = Billers(KEYS, lambda: self.clock.at, Random(7))  # noqa: S311 - no secret
        self.company.command("POST /settings", {"callback_url": "http://127.0.0.1/callbacks/billers"})
        self.on_the_way: Change = lambda answer: answer
        self.sent: list[Call] = []
        self.nonces = Counted()

    def client(self, biller: Biller, key: str = "", url: str = URL) -> BillerAdapter:
        config = BillerConfig(biller, key or KEYS[biller], url)
        return open_biller(Line(config, self, self.clock, self.nonces))

    def misbehave(self, operation: str, effect: Effect, **more: object) -> None:
        self.company.rules.add(parse_rule({"operation": operation, "effect": effect, **more}))

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> Response:
        assert timeout_s > 0
        named = {**{name.lower(): value for name, value in headers.items()}, "host": HOST}
        call = Call(method, url.partition(HOST)[2], named, body or b"")
        self.sent.append(call)
        subject = self.company.subject(call)
        if subject is None:
            return Response(404, {}, b"")
        faults = self.company.rules.take(subject.operation, subject.keys, ANSWERING)
        if Effect.DROP_BEFORE in faults:
            raise NoAnswerError("cut")
        reply = self.company.handle(call, subject, faults)
        if Effect.DROP_AFTER in faults:
            raise NoAnswerError("cut")
        heads = {name.lower(): value for name, value in reply.headers.items()}
        return self.on_the_way(Response(reply.status, heads, reply.body))

    def pass_time(self, ms: int) -> None:
        self.clock.at += ms
        self.company.settle()

    def letters(self) -> list[Letter]:
        """What is told now, written as the rules have it."""
        return [
            self.company.letter(notice, self.company.rules.take("notice", notice.keys, WRITING))
            for notice in self.company.take_notices()
        ]


def headers_of(letter: Letter) -> dict[str, str]:
    return {name.lower(): value for name, value in letter.headers.items()}


def owed_at(client: BillerAdapter, account_no: str) -> Owed:
    found = client.owed(account_no)
    assert isinstance(found, Owed), found
    return found


def asked(client: BillerAdapter, payment: BillPayment) -> FulfilmentReport | FulfilmentUnknown:
    """How a payment stands."""
    return client.query(payment.order_no, payment.amount, masked(payment.account_no))


def report(answer: object) -> FulfilmentReport:
    assert isinstance(answer, FulfilmentReport), answer
    return answer
