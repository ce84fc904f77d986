"""CPU of a warm call: the real handler, the real clients, AWS and the channels answered from a recording.

Answers enter where botocore would open a connection, so that building, signing and parsing are counted and
the network is not; outside answers enter at the transport, so that their signatures are made and checked.
Time stands still at the recorded moment, because signatures age.
"""

import copy
import importlib.util
import os
import statistics
import sys
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from io import BytesIO
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from bench.journal import AwsAnswer, Event, Invocation
from bench.recording import Recording
from octane import wiring
from octane.kernel.clock import Clock, Instant
from octane.wire.http import Response
from world.shop import FUNCTIONS, context

ROUNDS = 200
WARM_UP = 20

PARTS = (
    *("store", "wechat", "alipay", "unionpay", "issuer", "router", "risk_rules", "switches"),
    *("queues", "sockets", "verifier", "revocations"),
)


class StillClock:
    def __init__(self, at: Instant) -> None:
        self._at = at

    def now(self) -> Instant:
        return self._at


class ReplayedTransport:
    def __init__(self) -> None:
        self.answers: deque[Response] = deque()

    def send(self, *_: object, **__: object) -> Response:
        return self.answers.popleft()


class _Body(BytesIO):
    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()


class AwsEdge:
    """Answers each call of the clients it is attached to with the next recorded answer."""

    def __init__(self) -> None:
        self.answers: deque[AwsAnswer] = deque()

    def attach(self, client: Any) -> None:
        client.meta.events.register_first("before-send", self._answer)

    def _answer(self, request: Any, event_name: str, **_: object) -> AWSResponse:
        service, body = self.answers.popleft()
        assert f".{service}." in f"{event_name}.", f"{event_name} was {service} in the recording"
        headers = {
            "content-type": "application/x-amz-json-1.0",
            "x-amzn-requestid": "0" * 52,
            "x-amz-crc32": str(zlib.crc32(body)),
            "content-length": str(len(body)),
        }
        return AWSResponse(request.url, 200, HTTPHeaders.from_dict(headers), _Body(body))


class ReplayedWiring(wiring.Wiring):
    """The product's wiring, its outer edges answered from the recording."""

    def __init__(self, environment: Mapping[str, str], secrets: Mapping[str, Any], at: Instant) -> None:
        super().__init__(environment)
        self._secrets = secrets
        self._at = at
        self.aws = AwsEdge()

    @cached_property
    def clock(self) -> Clock:
        return StillClock(self._at)

    @cached_property
    def _transport(self) -> ReplayedTransport:
        return ReplayedTransport()

    def _client(self, service: str, endpoint_url: str | None = None) -> Any:
        client = super()._client(service, endpoint_url)
        self.aws.attach(client)
        return client

    def _secret(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self._secrets[name]
        return found

    @property
    def parts(self) -> list[str]:
        """What has been built: what a cold start of the function makes ready."""
        return [part for part in PARTS if part in self.__dict__]


READ_APART: Mapping[str, Callable[[ReplayedWiring], object]] = {
    "dynamodb": lambda wired: wired.router.snapshot(),
    "ssm": lambda wired: wired.switches.read(),
    "identity/authorize dynamodb": lambda wired: wired.revocations.check("", Instant(0)),
    "orders/place_order dynamodb": lambda wired: wired.risk_rules.rules(),
}
"""Who keeps the answers that an invocation has read apart, by the service that gave them, or by the function
that reads others there."""


class Replay:
    """One recorded invocation, to be called again and again."""

    def __init__(self, recording: Recording, invocation: Invocation) -> None:
        self._invocation = invocation
        self.wiring = ReplayedWiring(recording.environment, recording.secrets, invocation.at)
        self.wiring.__dict__["vault"] = recording.vault
        self._handler = load_handler(invocation.function)
        for answer in invocation.apart:  # read once, long before
            self.wiring.aws.answers.append(answer)
            ours = f"{invocation.function} {answer.service}"
            READ_APART.get(ours, READ_APART[answer.service])(self.wiring)

    def call(self) -> float:
        """CPU seconds of one call. Raises when it asks AWS for more or less than the recorded call did."""
        wiring.use(self.wiring)
        aws, wire = self.wiring.aws, self.wiring._transport
        aws.answers.extend(self._invocation.aws)
        wire.answers.extend(self._invocation.wire)
        event, lambda_context = copy.deepcopy(self._invocation.event), context()
        start = time.process_time()
        answer = self._handler(event, lambda_context)
        spent = time.process_time() - start
        assert not aws.answers, f"{self._invocation.function} leaves {len(aws.answers)} AWS answers"
        assert not wire.answers, f"{self._invocation.function} leaves {len(wire.answers)} outside answers"
        assert_good(answer)
        return spent

    def median_ms(self, rounds: int = ROUNDS) -> float:
        with silence():
            for _ in range(WARM_UP):
                self.call()
            return statistics.median(self.call() for _ in range(rounds)) * 1000


def assert_good(answer: Any) -> None:
    """A replay that fails would be measured as a cheap call."""
    if isinstance(answer, dict):
        assert answer.get("statusCode", 200) < 300, answer
        assert not answer.get("batchItemFailures"), answer


def load_handler(function: str) -> Callable[[Event, Any], Any]:
    spec = importlib.util.spec_from_file_location(f"bench_{function}", FUNCTIONS / f"{function}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    handler: Callable[[Event, Any], Any] = module.handler
    return handler


@contextmanager
def silence() -> Iterator[None]:
    """Let the log lines be made and written, but nowhere."""
    sys.stdout.flush()
    kept = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
