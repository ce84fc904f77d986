"""The real handlers in this process: the template's routes, streams and queues, tables in memory, real
simulators.

    with opened_shop() as shop:
        token = shop.log_in("openid-1")
        answer = shop.post("/api/v1/orders", {...}, token=token)

Business time is moved by hand (`shop.clock.move(seconds=…)`); what is signed on the wire carries the
machine's time.
"""

import importlib.util
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from joserfc.jwk import OKPKey

from octane import wiring
from octane.channels.port import Trade
from octane.kernel.clock import Instant
from octane.orders.states import Queue
from octane.store.expressions import marshal_item
from octane.store.items import Table
from simulators.client import World, running
from simulators.server import Options
from world.inbox import Inbox, Letter, opened_inbox
from world.system import ROOT, file_of, functions, routes, system
from world.wired import MovableClock, ShopWiring, Signals

FUNCTIONS = ROOT / "functions"
WORKERS = {
    Queue.RECHARGE: "orders/recharge_order",
    Queue.REFUND: "orders/refund_payment",
    Queue.DUE: "orders/settle_due",
    Queue.REVIEW: "reviews/start_review",
    Queue.PRICES: "prices/notify_prices",
}
SINOPEC_CARD = "1000111100001234567"


@dataclass
class Answer:
    status: int
    body: Any
    headers: dict[str, Any]

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])


class Shop:
    """Octane and its customers, in one process."""

    def __init__(self, world: World, inbox: Inbox, settings: dict[str, str]) -> None:
        self.world = world
        self.inbox = inbox
        self.clock = MovableClock()
        environment = {
            "OCTANE_WECHAT_URL": world.wechat_url,
            "OCTANE_WECHAT_MINI_URL": world.wechat_url,
            "OCTANE_ALIPAY_URL": world.alipay_url,
            "OCTANE_UNIONPAY_URL": world.unionpay_url,
            "OCTANE_UNIONPAY_FILE_URL": world.unionpay_url,
            "OCTANE_ISSUER_URL": world.issuer_url,
            "OCTANE_BANK_URL": world.bank_url,
            "OCTANE_SMS_URL": world.sms_url,
            "OCTANE_ALLIANCE_URL": world.alliance_url,
            "OCTANE_MAPS_URL": world.maps_url,
            "OCTANE_ERP_URL": world.erp_url,
            "OCTANE_TSA_URL": f"{world.tsa_url}/tsa",
            "OCTANE_BILLERS_URL": world.billers_url,
            "OCTANE_PRICES_URL": world.prices_url,
            "OCTANE_TEMPLATE_PRICE_CHANGED": "template-prices",
            "OCTANE_TEMPLATE_INSTALMENT_DUE": "template-instalments",
            "OCTANE_PUBLIC_URL": inbox.url,
            **settings,
        }
        key = OKPKey.generate_key("Ed25519", auto_kid=True)
        self.secrets: dict[str, Any] = {
            "WECHAT": world.wechat.get("/keys"),
            "ALIPAY": world.alipay.get("/keys"),
            "UNIONPAY": world.unionpay.get("/keys"),
            "ISSUER": world.issuer.get("/keys"),
            "BANK": world.bank.get("/keys"),
            "SMS": world.sms.get("/keys"),
            "ALLIANCE": world.alliance.get("/keys"),
            "MAPS": world.maps.get("/keys"),
            "ERP": world.erp.get("/keys"),
            "TSA": world.tsa.get("/keys"),
            "BILLERS": world.billers.get("/keys"),
            "TOKENS": {"private_jwk": key.as_dict(private=True), "pepper": "00" * 32},
            "TOKEN_VERIFIER": {"public_jwks": {"keys": [key.as_dict(private=False)]}},
        }
        # Its limits are on its own time, which stands still beside ours.
        world.sms.post("/settings", per_30_seconds=0, per_hour=0, per_day=0)
        self.wiring = ShopWiring(environment, self.secrets, self.clock)
        self._routes = _template_routes()
        self._modules: dict[str, ModuleType] = {}
        self._streamed = 0
        self._keys = count(1)
        self.forgetful = False
        """Whether each call is the first of its process, as far as keys of the vault and limits go."""

    @property
    def signals(self) -> Signals:
        signals = self.wiring.signals
        assert isinstance(signals, Signals)
        return signals

    def function(self, name: str) -> Any:
        """The handler of `orders/place_order` and the like, loaded once."""
        if name not in self._modules:
            spec = importlib.util.spec_from_file_location(name.replace("/", "_"), FUNCTIONS / f"{name}.py")
            assert spec and spec.loader
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            self._modules[name] = module
        wiring.use(self.wiring)
        handler = self._modules[name].handler

        def watched(event: Any, context: Any) -> Any:
            watch = self.wiring.lists.watch
            outer, watch.function = watch.function, name
            if self.forgetful and outer is None:
                self.wiring.key_ring.forget()
                self.wiring.__dict__.pop("buckets", None)
            try:
                return handler(event, context)
            finally:
                watch.function = outer

        return watched

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        raw: str | None = None,
    ) -> Answer:
        """Send a request as API Gateway would: authorizer first, then the function the template names."""
        event = self.event(method, path, body, headers=headers, raw=raw)
        event["resource"], function, parameters, open_to_all = self._route(method, event["path"])
        event["pathParameters"] = parameters
        if not open_to_all:
            request = {**event, "methodArn": "arn:aws:execute-api:r:1:api/local/GET/x"}
            if token:
                request["headers"] = {**event["headers"], "Authorization": f"Bearer {token}"}
            try:
                policy = self.function("identity/authorize")(request, context())
            except Exception as refusal:
                assert str(refusal) == "Unauthorized"
                return Answer(401, {"error": {"code": "UNAUTHENTICATED"}}, {})
            event["requestContext"]["authorizer"] = policy["context"]
        with self.wiring.meter.operation(function.split("/")[1]):
            answer = self.function(function)(event, context())
        text = answer.get("body") or ""
        found = answer.get("multiValueHeaders") or answer.get("headers") or {}
        return Answer(answer["statusCode"], json.loads(text) if text[:1] in "{[" and text else text, found)

    def bare(self, method: str, path: str) -> tuple[Any, dict[str, Any]]:
        """The function behind a route, and a request that has passed no gateway and no authorizer."""
        event = self.event(method, path, None)
        event["resource"], function, event["pathParameters"], _ = self._route(method, event["path"])
        return self.function(function), event

    def event(
        self,
        method: str,
        path: str,
        body: object,
        *,
        headers: dict[str, str] | None = None,
        raw: str | None = None,
    ) -> dict[str, Any]:
        path, _, query = path.partition("?")
        pairs = dict(pair.split("=", 1) for pair in query.split("&")) if query else None
        text = raw if raw is not None else None if body is None else json.dumps(body)
        sent = (
            {"Content-Type": "application/json", **(headers or {})}
            if text is not None
            else dict(headers or {})
        )
        return {
            "resource": path,
            "path": path,
            "httpMethod": method,
            "headers": sent,
            "multiValueHeaders": {name: [value] for name, value in sent.items()},
            "queryStringParameters": pairs,
            "multiValueQueryStringParameters": {n: [v] for n, v in pairs.items()} if pairs else None,
            "pathParameters": None,
            "stageVariables": None,
            "body": text,
            "isBase64Encoded": False,
            "requestContext": {
                "requestId": f"request-{next(self._keys)}",
                "path": path,
                "stage": "local",
                "httpMethod": method,
                "identity": {"sourceIp": "127.0.0.1"},
            },
        }

    def get(self, path: str, *, token: str | None = None) -> Answer:
        return self.call("GET", path, token=token)

    def post(
        self, path: str, body: object = None, *, token: str | None = None, key: str | None = None
    ) -> Answer:
        """Post with a fresh Idempotency-Key, or the one given."""
        return self.call(
            "POST",
            path,
            body,
            token=token,
            headers={"Idempotency-Key": key or f"test-key-{next(self._keys):06d}"},
        )

    def deliver(self, seconds: float = 5) -> Answer:
        """Take the next callback that a simulator sends and let its handler answer it."""
        letter = self.inbox.next(seconds)
        assert letter is not None, "no callback came"
        return self.answer(letter)

    def answer(self, letter: Letter) -> Answer:
        answer = self.call("POST", letter.path, headers=letter.headers, raw=letter.body.decode())
        letter.reply(answer.status, answer.body if isinstance(answer.body, str) else json.dumps(answer.body))
        return answer

    def drain(self) -> None:
        """Carry the stream to its consumers and the queues to their workers, until all is quiet."""
        while self._relay() or any(self._work(queue) for queue in Queue) or self._review():
            pass

    def _review(self) -> bool:
        return self.wiring.reviews.step(self.function, context())

    def close_trade(self, out_trade_no: str) -> None:
        """Close a trade at the channel behind the order's back."""
        self.wiring.wechat.close(Trade(out_trade_no, Instant(0), Instant(0)))

    def sweep(self) -> None:
        """One tick of the schedule, and all that follows from it."""
        self.function("orders/sweep_due")({}, context())
        self.drain()

    def _relay(self) -> bool:
        changes = self.wiring.engine.changes(Table.ORDERS, self._streamed)
        records: list[dict[str, Any]] = [
            {"eventName": change.kind.value, "dynamodb": {"NewImage": marshal_item(change.new)}}
            for change in changes
            if change.new is not None
        ]
        if changes:
            self._streamed = changes[-1].number
        steps = [r for r in records if r["eventName"] == "INSERT" and "STEP#" in str(r["dynamodb"])]
        for record in steps:
            event = {"Records": [record]}
            if "queue" in record["dynamodb"]["NewImage"]:
                with self.wiring.meter.operation("dispatch_events"):
                    self.function("orders/dispatch_events")(event, context())
            with self.wiring.meter.operation("push_changes"):
                self.function("notify/push_changes")(event, context())
        return bool(steps)

    def _work(self, queue: Queue) -> bool:
        waiting = self.wiring.lists.messages[queue]
        if not waiting:
            return False
        record = {"messageId": "1", "body": json.dumps(waiting.popleft()), "eventSource": "aws:sqs"}
        worker = WORKERS[queue]
        with self.wiring.meter.operation(worker.rpartition("/")[2]):
            answer = self.function(worker)({"Records": [record]}, context())
        assert not answer["batchItemFailures"], answer
        return True

    def _route(self, method: str, path: str) -> tuple[str, str, dict[str, str] | None, bool]:
        for verb, resource, pattern, function, open_to_all in self._routes:
            found = pattern.fullmatch(path)
            if verb == method and found:
                return resource, function, found.groupdict() or None, open_to_all
        raise LookupError(f"the template has no route {method} {path}")

    def log_in(self, openid: str, *, phone: str = "13800138000") -> str:
        """A customer with a bound phone; returns the access token."""
        session = self.post("/api/v1/sessions", {"provider": "WECHAT", "code": f"code-{openid}"})
        assert session.status == 201, session
        token = str(session.body["access_token"])
        bound = self.call("POST", "/api/v1/me/phone", {"code": f"phone-{phone}"}, token=token)
        assert bound.status == 200, bound
        return token

    def bind_card(self, token: str, number: str = SINOPEC_CARD) -> str:
        answer = self.post("/api/v1/cards", {"number": number, "holder_name": "张三"}, token=token)
        assert answer.status == 201, answer
        return str(answer.body["card_id"])

    def place(self, token: str, card_id: str, amount: int = 10_000) -> str:
        answer = self.post("/api/v1/orders", {"card_id": card_id, "amount_fen": amount}, token=token)
        assert answer.status == 201, answer
        return str(answer.body["order_id"])

    def start_paying(self, token: str, order_id: str) -> str:
        """Start a JSAPI payment; returns the out_trade_no."""
        answer = self.post(f"/api/v1/orders/{order_id}/pay", {"method": "WECHAT_JSAPI"}, token=token)
        assert answer.status == 200, answer
        return str(answer.body["payment"]["out_trade_no"])


@cache
def _template_routes() -> list[tuple[str, str, re.Pattern[str], str, bool]]:
    return list(_routes())


def _routes() -> Iterator[tuple[str, str, re.Pattern[str], str, bool]]:
    """Method, resource, its pattern, function and whether anybody may call, from the template."""
    known = functions(system())
    for route in routes(system()):
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.path))
        yield route.method, route.path, pattern, file_of(known[route.function]), route.open_to_all


def context() -> Any:
    return SimpleNamespace(
        aws_request_id="lambda-request",
        function_name="test",
        memory_limit_in_mb=512,
        invoked_function_arn="arn:aws:lambda:r:1:function:test",
        get_remaining_time_in_millis=lambda: 10_000,
    )


@contextmanager
def opened_shop(directory: Path, **settings: str) -> Iterator[Shop]:
    """A shop beside running simulators; closed on the way out."""
    with opened_inbox() as inbox:
        options = Options(
            state_dir=directory,
            refund_ms=20,
            recharge_ms=20,
            issuer_callback_url=f"{inbox.url}/api/v1/callbacks/issuers/juhe",
        )
        with running(options) as world:
            try:
                yield Shop(world, inbox, settings)
            finally:
                wiring.use(None)
