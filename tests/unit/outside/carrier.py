"""What the tests against the simulated outside share: a clock, and a wire to a company in this process."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from octane.kernel.clock import Instant
from octane.wire.http import NoAnswerError, NotSentError, Response
from simulators.misbehaviour import ANSWERING, Effect, parse_rule
from simulators.protocol import Call, Company

START = 1_770_000_000_000  # 2026-02-02 10:40:00 in Beijing
BASE = "http://outside.test"


class Clock:
    """Ours and theirs: epoch ms, moved by hand."""

    def __init__(self, at: int = START) -> None:
        self.at = at

    def __call__(self) -> int:
        return self.at

    def now(self) -> Instant:
        return Instant(self.at)


class Carrier:
    """Carries calls to a company, with the faults that its rules ask for."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.calls: list[Call] = []

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> Response:
        assert 0 < timeout_s <= 30
        parts = urlsplit(url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        call = Call(method, target, {**headers, "host": parts.netloc}, body or b"")
        self.calls.append(call)
        return self.carry(call)

    def carry(self, call: Call) -> Response:
        subject = self.company.subject(call)
        assert subject is not None, call.target
        faults = self.company.rules.take(subject.operation, subject.keys, ANSWERING)
        if Effect.DROP_BEFORE in faults:
            raise NoAnswerError("cut")
        reply = self.company.handle(call, subject, faults)
        if Effect.DROP_AFTER in faults:
            raise NoAnswerError("cut")
        return Response(reply.status, {n.lower(): v for n, v in reply.headers.items()}, reply.body)

    def misbehave(self, operation: str, effect: str, **more: Any) -> None:
        self.company.rules.add(parse_rule({"operation": operation, "effect": effect, "count": 1, **more}))


class Unplugged:
    """A wire that is not there."""

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> Response:
        raise NotSentError("no route")


class Said:
    """A wire on which everything is answered alike."""

    def __init__(self, body: bytes, status: int = 200) -> None:
        self._answer = Response(status, {}, body)

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> Response:
        return self._answer
