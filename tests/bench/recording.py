"""Play one top-up on the real handlers, and keep what each invocation got from AWS and from outside."""

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from octane.kernel.clock import Clock, Instant, SystemClock
from octane.orders.queues import BATCH
from octane.orders.states import Queue
from octane.store.expressions import marshal_item
from octane.store.items import Item, Key, Page, Query
from octane.store.writes import Update, Write
from octane.wire.http import HttpTransport, Response
from world.memory_engine import MemoryEngine
from world.meter import Meter, Usage
from world.shop import Shop, context, opened_shop
from world.wired import Lists

Event = dict[str, Any]

ENVIRONMENT = {
    "OCTANE_TABLE_ORDERS": "orders",
    "OCTANE_TABLE_LEDGER": "ledger",
    "OCTANE_TABLE_IDENTITY": "identity",
    "OCTANE_TABLE_CHANNELS": "channels",
    "OCTANE_QUEUE_RECHARGE": "https://sqs.us-east-1.amazonaws.com/123456789012/recharge",
    "OCTANE_QUEUE_REFUND": "https://sqs.us-east-1.amazonaws.com/123456789012/refund",
    "OCTANE_QUEUE_DUE": "https://sqs.us-east-1.amazonaws.com/123456789012/due",
    "OCTANE_WEBSOCKET_URL": "https://sockets.execute-api.us-east-1.amazonaws.com/prod",
    "OCTANE_SECRET_WECHAT": "WECHAT",
    "OCTANE_SECRET_ISSUER": "ISSUER",
    "OCTANE_SECRET_TOKENS": "TOKENS",
    "OCTANE_SECRET_TOKEN_VERIFIER": "TOKEN_VERIFIER",
}
CONNECTION = "connection-1"


class AwsAnswer(NamedTuple):
    """The body of one answer of AWS, as it came over the wire."""

    service: str
    body: bytes


@dataclass
class Invocation:
    """One call of one function: its event, the moment, and every answer that it was given."""

    function: str
    event: Event
    at: Instant
    aws: list[AwsAnswer] = field(default_factory=list)
    wire: list[Response] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)

    @property
    def pushes(self) -> int:
        return sum(answer.service == "apigatewaymanagementapi" for answer in self.aws)


class Journal:
    """Where the world's parts write down their answers: to the invocation that is under way."""

    def __init__(self) -> None:
        self.invocations: list[Invocation] = []
        self.current = Invocation("", {}, Instant(0))

    def aws(self, service: str, answer: object) -> None:
        self.current.aws.append(AwsAnswer(service, b"" if answer is None else orjson.dumps(answer)))


class RecordingEngine(MemoryEngine):
    """Tables in memory that write down each answer as DynamoDB's JSON protocol carries it."""

    def __init__(self, clock: Clock, meter: Meter, journal: Journal) -> None:
        super().__init__(clock, meter)
        self._journal = journal

    def get(self, key: Key) -> Item | None:
        found = super().get(key)
        self._tell({} if found is None else {"Item": marshal_item(found)})
        return found

    def query(self, query: Query) -> Page:
        page = super().query(query)
        count = len(page.items)
        answer = {
            "Items": [marshal_item(item) for item in page.items], "Count": count, "ScannedCount": count,
        }  # fmt: skip
        self._tell({**answer, "LastEvaluatedKey": marshal_item(dict(page.cursor))} if page.cursor else answer)
        return page

    def write(self, write: Write) -> Item | None:
        after = super().write(write)
        has_answer = isinstance(write, Update) and after is not None
        self._tell({"Attributes": marshal_item(after)} if has_answer and after else {})
        return after

    def transact(self, writes: tuple[Write, ...], token: str) -> None:
        super().transact(writes, token)
        self._tell({})

    def _tell(self, answer: object) -> None:
        self._journal.aws("dynamodb", answer)


class RecordingLists(Lists):
    """Queues and sockets that write down what SQS and API Gateway would answer, call by call."""

    def __init__(self, journal: Journal) -> None:
        super().__init__()
        self._journal = journal

    def send(self, queue: Queue, messages: list[dict[str, str | int]]) -> None:
        super().send(queue, messages)
        for start in range(0, len(messages), BATCH):
            taken = [
                {"Id": str(place), "MessageId": f"message-{place}", "MD5OfMessageBody": "0" * 32}
                for place in range(len(messages[start : start + BATCH]))
            ]
            self._journal.aws("sqs", {"Successful": taken})

    def post(self, connection_id: str, message: Any) -> None:
        super().post(connection_id, message)
        self._journal.aws("apigatewaymanagementapi", None)


class RecordingTransport:
    """The real wire to the simulators; answers are kept with their signatures."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._real = HttpTransport(SystemClock())

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> Response:
        answer = self._real.send(method, url, headers, body, timeout_s)
        self._journal.current.wire.append(answer)
        return answer


class RecordedShop(Shop):
    """A shop that keeps each invocation of a function."""

    def __init__(self, shop: Shop, environment: dict[str, str]) -> None:
        super().__init__(shop.world, shop.inbox, environment)
        self.environment = dict(self.wiring._environment)
        self.journal = Journal()
        self.wiring.engine = RecordingEngine(self.clock, self.wiring.meter, self.journal)
        self.wiring.lists = RecordingLists(self.journal)
        self.wiring.__dict__["queues"] = self.wiring.__dict__["sockets"] = self.wiring.lists
        self.wiring._on_machine_time.__dict__["_transport"] = RecordingTransport(self.journal)

    def function(self, name: str) -> Callable[[Event, Any], Any]:
        handler = super().function(name)

        def recorded(event: Event, lambda_context: Any) -> Any:
            invocation = Invocation(name, copy.deepcopy(event), self.clock.now())
            self.journal.current = invocation
            number = len(self.journal.invocations)
            self.journal.invocations.append(invocation)
            with self.wiring.meter.operation(f"{name} {number}") as usage:
                answer = handler(event, lambda_context)
            invocation.usage = usage
            return answer

        return recorded


@dataclass(frozen=True)
class Recording:
    """One top-up from order to booked recharge, with one open page, and what its functions were given."""

    environment: dict[str, str]
    secrets: dict[str, Any]
    top_up: list[Invocation]
    get_order: Invocation


@contextmanager
def recorded_shop(directory: Path) -> Iterator[RecordedShop]:
    with opened_shop(directory) as shop:
        yield RecordedShop(shop, ENVIRONMENT)


def record_top_up(directory: Path) -> Recording:
    """Log in and bind a card (not part of the top-up), then top up, and look at the order once."""
    with recorded_shop(directory) as shop:
        token = shop.log_in("bench-customer")
        card_id = shop.bind_card(token)
        user_id = str(shop.call("GET", "/api/v1/me", token=token).body["user_id"])
        opened = {"requestContext": {"connectionId": CONNECTION, "authorizer": {"user_id": user_id}}}
        shop.function("notify/connect")(opened, context())
        before = len(shop.journal.invocations)

        order_id = shop.place(token, card_id)
        out_trade_no = shop.start_paying(token, order_id)
        shop.world.wechat.post("/cashier/pay", out_trade_no=out_trade_no)
        assert shop.deliver().status == 200, "WeChat Pay's notice"
        shop.drain()
        assert shop.deliver().status == 200, "the issuer's notice"
        shop.drain()
        top_up = shop.journal.invocations[before:]

        shown = shop.get(f"/api/v1/orders/{order_id}", token=token)
        assert shown.body["state"] == "SUCCEEDED", shown
        return Recording(shop.environment, shop.secrets, top_up, shop.journal.invocations[-1])
