"""The functions of audit and evidence, called as API Gateway and the stream call them."""

import importlib
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from unit.evidence.house import ANN, AUDITOR, House

from octane import wiring
from octane.kernel.caller import Caller, Role
from octane.store.expressions import marshal_item
from octane.store.items import Table

CONTEXT = SimpleNamespace(
    aws_request_id="lambda-request",
    function_name="test",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:r:1:function:test",
    get_remaining_time_in_millis=lambda: 10_000,
)


@pytest.fixture
def house() -> Iterator[House]:
    house = House()
    wiring.use(house)  # type: ignore[arg-type]
    yield house
    wiring.use(None)


def call(
    function: str,
    method: str,
    path: str,
    *,
    caller: Caller = AUDITOR,
    body: object = None,
    query: dict[str, str] | None = None,
    parameters: dict[str, str] | None = None,
) -> tuple[int, Any]:
    headers = {"Content-Type": "application/json", "Idempotency-Key": "key-0000-0001"}
    authorizer = {name: value or "" for name, value in caller._asdict().items()} | {"role": caller.role.value}
    event = {
        "resource": "/api/v1/evidence/{evidence_id}" if parameters else path,
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": {n: [v] for n, v in query.items()} if query else None,
        "pathParameters": parameters,
        "stageVariables": None,
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
        "requestContext": {
            "requestId": "r1",
            "path": path,
            "stage": "local",
            "httpMethod": method,
            "identity": {"sourceIp": caller.ip},
            "authorizer": authorizer,
        },
    }
    answer = importlib.import_module(function).handler(event, CONTEXT)
    return answer["statusCode"], json.loads(answer["body"])


def stream(house: House, table: Table) -> dict[str, Any]:
    changes = house.engine.changes(table, 0)
    records = [
        {
            "eventName": change.kind.value,
            "dynamodb": {
                "Keys": marshal_item({"pk": change.key.pk, "sk": change.key.sk}),
                "NewImage": marshal_item(change.new or {}),
            },
        }
        for change in changes
    ]
    return {"Records": records}


def test_a_package_from_the_request_to_the_link(house: House) -> None:
    order_id = house.place("key-1")
    house.wait(seconds=1)
    status, asked = call("evidence.request_evidence", "POST", "/api/v1/evidence", body={"order_id": order_id})
    assert (status, asked["is_ready"], asked["url"]) == (202, False, None)
    path, named = f"/api/v1/evidence/{asked['evidence_id']}", {"evidence_id": asked["evidence_id"]}
    assert call("evidence.fetch_evidence", "GET", path, parameters=named)[1]["is_ready"] is False
    importlib.import_module("ledger.journal_entries").handler(stream(house, Table.LEDGER), CONTEXT)
    acts = stream(house, Table.AUDIT)
    importlib.import_module("audit.journal_acts").handler(acts, CONTEXT)
    requests = [each for each in acts["Records"] if each["dynamodb"]["Keys"]["sk"]["S"] == "#EVIDENCE"]
    importlib.import_module("evidence.build_evidence").handler({"Records": requests}, CONTEXT)
    status, fetched = call("evidence.fetch_evidence", "GET", path, parameters=named)
    assert (status, fetched["is_ready"]) == (200, True)
    assert asked["evidence_id"] in fetched["url"]


def test_the_acts_of_an_order(house: House) -> None:
    order_id = house.place("key-1")
    query = {"subject": order_id, "limit": "2", "since": "2020-01-01T00:00:00Z"}
    status, found = call("audit.list_acts", "GET", "/api/v1/audit", query=query)
    assert status == 200
    assert len(found["acts"]) == 2
    query |= {"limit": "100", "cursor": found["next_cursor"]}
    _, rest = call("audit.list_acts", "GET", "/api/v1/audit", query=query)
    actions = {act["action"] for act in (*found["acts"], *rest["acts"])}
    assert {"place_order", "pay_order", "read_acts"} <= actions


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 422),
        ({"subject": "<script>"}, 422),
        ({"subject": "T1", "limit": "101"}, 422),
        ({"subject": "T1", "since": "yesterday"}, 400),
        ({"subject": "T1", "cursor": "e30="}, 400),
    ],
)
def test_bad_questions(house: House, query: dict[str, str], status: int) -> None:
    answered, body = call("audit.list_acts", "GET", "/api/v1/audit", query=query or None)
    assert answered in {status, 400}
    assert body["error"]["code"]
    assert house.engine.changes(Table.AUDIT, 0) == [], "nothing was read, so there is no act"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"order_id": "T" + "A" * 25, "user_id": "U" + "A" * 25},
        {"order_id": "short"},
        {"order_id": None, "user_id": None},
        {"user_id": "U" + "A" * 25, "role": "auditor"},
    ],
)
def test_bad_requests(house: House, body: dict[str, object]) -> None:
    status, answer = call("evidence.request_evidence", "POST", "/api/v1/evidence", body=body)
    assert status == 400
    assert answer["error"]["code"]


def test_customers_get_nothing(house: House) -> None:
    order_id = house.place("key-1")
    for caller in (ANN, AUDITOR._replace(role=Role.OPERATOR)):
        body = {"order_id": order_id}
        assert (
            call("evidence.request_evidence", "POST", "/api/v1/evidence", caller=caller, body=body)[0] == 403
        )
        query = {"subject": order_id}
        assert call("audit.list_acts", "GET", "/api/v1/audit", caller=caller, query=query)[0] == 403


def test_the_schedules_work(house: House) -> None:
    house.place("key-1")
    house.carry()
    importlib.import_module("evidence.stamp_heads").handler({}, CONTEXT)
    importlib.import_module("evidence.compliance_report").handler({}, CONTEXT)
    folders = {key.split("/")[0] for key in house.archive.content}
    assert folders == {"journal", "audit", "heads", "compliance"}
