"""Tables, queues, switches and wires that write down each answer, to the invocation that is under way.

What a process keeps for some seconds, whoever asks (what routing knows, the switches), is kept apart from
what the invocation itself asks for.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from octane.identity.revocation import EPOCHS
from octane.kernel.clock import Clock, Instant, SystemClock
from octane.kernel.switches import Switches
from octane.orders.queues import BATCH
from octane.orders.states import Queue
from octane.rulebook.versions import current_key
from octane.store.expressions import marshal_item
from octane.store.items import Item, Key, Page, Query, Table
from octane.store.writes import Update, Write
from octane.wire.http import HttpTransport, Response
from world.memory_engine import Change, MemoryEngine
from world.meter import Meter, Usage
from world.wired import Board, Lists

Event = dict[str, Any]

ENVIRONMENT = {
    "OCTANE_TABLE_ORDERS": "orders",
    "OCTANE_TABLE_LEDGER": "ledger",
    "OCTANE_TABLE_IDENTITY": "identity",
    "OCTANE_TABLE_CHANNELS": "channels",
    "OCTANE_TABLE_ROUTING": "routing",
    "OCTANE_TABLE_RISK": "risk",
    "OCTANE_TABLE_AUDIT": "audit",
    "OCTANE_TABLE_STATIONS": "stations",
    "OCTANE_QUEUE_RECHARGE": "https://sqs.us-east-1.amazonaws.com/123456789012/recharge",
    "OCTANE_QUEUE_REFUND": "https://sqs.us-east-1.amazonaws.com/123456789012/refund",
    "OCTANE_QUEUE_DUE": "https://sqs.us-east-1.amazonaws.com/123456789012/due",
    "OCTANE_WEBSOCKET_URL": "https://sockets.execute-api.us-east-1.amazonaws.com/prod",
    "OCTANE_SWITCHES": "switches",
    "OCTANE_SECRET_WECHAT": "WECHAT",
    "OCTANE_SECRET_ALIPAY": "ALIPAY",
    "OCTANE_SECRET_UNIONPAY": "UNIONPAY",
    "OCTANE_SECRET_ISSUER": "ISSUER",
    "OCTANE_SECRET_TOKENS": "TOKENS",
    "OCTANE_SECRET_TOKEN_VERIFIER": "TOKEN_VERIFIER",
}
APART = "read apart"
RULES = {current_key(Table.ROUTING), current_key(Table.RISK)}


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
    apart: list[AwsAnswer] = field(default_factory=list)
    """What the process keeps for some seconds and does not ask again."""
    wire: list[Response] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    changes: list[Change] = field(default_factory=list)
    """What it wrote, in the order of the tables."""

    @property
    def pushes(self) -> int:
        return sum(answer.service == "apigatewaymanagementapi" for answer in self.aws)


class Journal:
    """Where the world's parts write down their answers: to the invocation that is under way."""

    def __init__(self) -> None:
        self.invocations: list[Invocation] = []
        self.current = Invocation("", {}, Instant(0))

    def aws(self, service: str, answer: object) -> None:
        body = b"" if answer is None else orjson.dumps(answer, default=_binary)
        self.current.aws.append(AwsAnswer(service, body))

    def apart(self, service: str, answer: object) -> None:
        self.current.apart.append(AwsAnswer(service, orjson.dumps(answer, default=_binary)))


def _binary(value: object) -> str:
    """DynamoDB's protocol carries bytes as base64."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(type(value))


class RecordingEngine(MemoryEngine):
    """Tables in memory that write down each answer as DynamoDB's JSON protocol carries it."""

    def __init__(self, clock: Clock, meter: Meter, journal: Journal) -> None:
        super().__init__(clock, meter)
        self._journal = journal
        self._apart = meter.operation

    def get(self, key: Key) -> Item | None:
        found = super().get(key)
        self._tell({} if found is None else {"Item": marshal_item(found)})
        return found

    def query(self, query: Query) -> Page:
        if query.partition == EPOCHS:  # what is revoked, once in some seconds
            with self._apart(APART):
                page = super().query(query)
            self._journal.apart("dynamodb", _listing(page))
            return page
        page = super().query(query)
        answer = _listing(page)
        self._tell({**answer, "LastEvaluatedKey": marshal_item(dict(page.cursor))} if page.cursor else answer)
        return page

    def batch_get(self, keys: list[Key]) -> list[Item]:
        if RULES.intersection(keys):  # what routing and risk know, once in some seconds
            with self._apart(APART):
                found = super().batch_get(keys)
            self._journal.apart("dynamodb", _batch(keys, found))
        else:
            found = super().batch_get(keys)
            self._tell(_batch(keys, found))
        return found

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


def _listing(page: Page) -> dict[str, object]:
    items = [marshal_item(item) for item in page.items]
    return {"Items": items, "Count": len(items), "ScannedCount": len(items)}


def _batch(keys: list[Key], found: list[Item]) -> object:
    """What is found, under the names of its tables; items know their keys only."""
    tables = {(key.pk, key.sk): ENVIRONMENT[f"OCTANE_TABLE_{key.table.name}"] for key in keys}
    answer: dict[str, list[object]] = {table: [] for table in tables.values()}
    for item in found:
        answer[tables[str(item["pk"]), str(item["sk"])]].append(marshal_item(item))
    return {"Responses": answer, "UnprocessedKeys": {}}


class RecordingBoard(Board):
    """Switches that write down what SSM would answer."""

    def __init__(self, lists: Lists, journal: Journal) -> None:
        super().__init__(lists.watch)
        self._journal = journal

    def read(self) -> Switches:
        parameter = {"Name": ENVIRONMENT["OCTANE_SWITCHES"], "Type": "String", "Value": "{}"}
        self._journal.apart("ssm", {"Parameter": parameter})
        return super().read()


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
