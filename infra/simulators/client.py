"""Drive the simulators from a test or a demo: the control plane as a client, and all servers in a thread."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from queue import SimpleQueue
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from simulators.server import Addresses, Options, serve

Json = dict[str, Any]
START_SECONDS = 20
ANSWER_SECONDS = 10


class ControlError(Exception):
    """The control plane refused a command; says why."""


@dataclass(frozen=True, slots=True)
class Control:
    """The control plane of one company."""

    url: str

    def get(self, command: str) -> Json:
        return self._call("GET", command, None)

    def post(self, command: str, **order: object) -> Json:
        return self._call("POST", command, order)

    def delete(self, command: str) -> Json:
        return self._call("DELETE", command, None)

    def misbehave(self, operation: str, effect: str, **more: object) -> None:
        """Add a rule: `misbehave("prepay", "drop_after", count=1, key="openid-1")`."""
        self.post("/rules", operation=operation, effect=effect, **more)

    def _call(self, method: str, command: str, order: Json | None) -> Json:
        parts = urlsplit(self.url)
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=ANSWER_SECONDS)
        try:
            body = None if order is None else json.dumps(order)
            connection.request(method, f"/_control{command}", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            content: Json = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status != HTTPStatus.OK:
            raise ControlError(f"{method} {command}: {content['error']}")
        return content


@dataclass(frozen=True, slots=True)
class World:
    """Every company, running."""

    wechat_url: str
    issuer_url: str
    alipay_url: str
    unionpay_url: str
    bank_url: str
    sms_url: str
    alliance_url: str
    tsa_url: str
    erp_url: str
    prices_url: str
    maps_url: str
    billers_url: str

    @property
    def wechat(self) -> Control:
        return Control(self.wechat_url)

    @property
    def issuer(self) -> Control:
        return Control(self.issuer_url)

    @property
    def alipay(self) -> Control:
        return Control(self.alipay_url)

    @property
    def unionpay(self) -> Control:
        return Control(self.unionpay_url)

    @property
    def bank(self) -> Control:
        return Control(self.bank_url)

    @property
    def sms(self) -> Control:
        return Control(self.sms_url)

    @property
    def alliance(self) -> Control:
        return Control(self.alliance_url)

    @property
    def tsa(self) -> Control:
        return Control(self.tsa_url)

    @property
    def erp(self) -> Control:
        return Control(self.erp_url)

    @property
    def prices(self) -> Control:
        return Control(self.prices_url)

    @property
    def maps(self) -> Control:
        return Control(self.maps_url)

    @property
    def billers(self) -> Control:
        return Control(self.billers_url)


@contextmanager
def running(options: Options) -> Iterator[World]:
    """All servers in a thread of this process, stopped on the way out; raises what kept them from it."""
    loop = asyncio.new_event_loop()
    stopped = asyncio.Event()
    told: SimpleQueue[Addresses | OSError | ValueError] = SimpleQueue()

    def run() -> None:
        try:
            loop.run_until_complete(serve(options, stopped, told.put))
        except (OSError, ValueError) as broken:
            told.put(broken)
        finally:
            loop.close()

    thread = Thread(target=run, name="simulators", daemon=True)
    thread.start()
    addresses = told.get(timeout=START_SECONDS)
    if not isinstance(addresses, Addresses):
        raise addresses
    try:
        yield World(**asdict(addresses))
    finally:
        loop.call_soon_threadsafe(stopped.set)
        thread.join(START_SECONDS)
