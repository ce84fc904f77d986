"""What the DynamoDB engine makes of the provider's answers that no stand-in gives on demand."""

from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from octane.store.dynamodb import DynamoDbEngine
from octane.store.engine import AnswerLost, ConditionFailed, Conflict, EngineFailure, Throttled
from octane.store.items import Key, Table
from octane.store.writes import Absent, Check, Exists, Put, Update

TABLES = {table: f"our-{table}" for table in Table}
KEY = Key(Table.ORDERS, "P", "A")


class ScriptedClient:
    """Every call answers with the next of the script."""

    def __init__(self, *script: Any) -> None:
        self.script = list(script)
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def _answer(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self.asked.append((operation, parameters))
        answer: Any = self.script.pop(0)
        if isinstance(answer, Exception):
            raise answer
        found: dict[str, Any] = answer
        return found

    def get_item(self, **parameters: Any) -> dict[str, Any]:
        return self._answer("get_item", parameters)

    def query(self, **parameters: Any) -> dict[str, Any]:
        return self._answer("query", parameters)

    def batch_get_item(self, **parameters: Any) -> dict[str, Any]:
        return self._answer("batch_get_item", parameters)

    def put_item(self, **parameters: Any) -> dict[str, Any]:
        return self._answer("put_item", parameters)

    def update_item(self, **parameters: Any) -> dict[str, Any]:
        return self._answer("update_item", parameters)

    def delete_item(self, **parameters: Any) -> dict[str, Any]:
        return self._answer("delete_item", parameters)

    def transact_write_items(self, **parameters: Any) -> dict[str, Any]:
        return self._answer("transact_write_items", parameters)


def refusal(code: str, status: int = 400, reasons: list[str] | None = None) -> ClientError:
    response: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    if reasons is not None:
        response["CancellationReasons"] = [{"Code": reason} for reason in reasons]
    return ClientError(response, "TransactWriteItems")


def cancelled(*reasons: str) -> ClientError:
    return refusal("TransactionCanceledException", reasons=list(reasons))


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (refusal("ConditionalCheckFailedException"), ConditionFailed),
        (refusal("TransactionConflictException"), Conflict),
        (refusal("TransactionInProgressException"), Conflict),
        (refusal("ProvisionedThroughputExceededException"), Throttled),
        (refusal("ThrottlingException"), Throttled),
        (refusal("RequestLimitExceeded"), Throttled),
        (cancelled("None", "TransactionConflict"), Conflict),
        (cancelled("ThrottlingError", "None"), Throttled),
        (cancelled("None", "ProvisionedThroughputExceeded"), Throttled),
        (refusal("InternalServerError", 500), AnswerLost),
        (refusal("ServiceUnavailable", 503), AnswerLost),
        (ReadTimeoutError(endpoint_url="https://dynamodb"), AnswerLost),
        (ConnectionClosedError(endpoint_url="https://dynamodb"), AnswerLost),
        (ConnectTimeoutError(endpoint_url="https://dynamodb"), Throttled),
        (EndpointConnectionError(endpoint_url="https://dynamodb"), Throttled),
    ],
    ids=repr,
)
def test_failure(answer: Exception, failure: type[EngineFailure]) -> None:
    engine = DynamoDbEngine(ScriptedClient(answer), TABLES)
    with pytest.raises(failure):
        engine.transact((Check(KEY, Exists()),), "t")


@pytest.mark.parametrize(
    ("reasons", "index"),
    [
        (("None", "None", "ConditionalCheckFailed"), 2),
        (("TransactionConflict", "ConditionalCheckFailed", "None"), 1),
        (("None", "ConditionalCheckFailed", "ConditionalCheckFailed"), 1),
    ],
)
def test_a_failed_condition_outweighs_a_conflict(reasons: tuple[str, ...], index: int) -> None:
    """It is false of what is stored: trying again would only find the same."""
    engine = DynamoDbEngine(ScriptedClient(cancelled(*reasons)), TABLES)
    with pytest.raises(ConditionFailed) as caught:
        engine.transact((Check(KEY, Exists()),), "t")
    assert caught.value.index == index


@pytest.mark.parametrize(
    "answer",
    [
        refusal("ValidationException"),
        refusal("ResourceNotFoundException"),
        refusal("IdempotentParameterMismatchException"),
        cancelled("None", "ValidationError"),
    ],
    ids=repr,
)
def test_what_no_retry_mends_stays_itself(answer: ClientError) -> None:
    engine = DynamoDbEngine(ScriptedClient(answer), TABLES)
    with pytest.raises(ClientError) as caught:
        engine.transact((Check(KEY, Exists()),), "t")
    assert caught.value is answer


def test_a_token_is_sent_when_there_is_one() -> None:
    client = ScriptedClient({}, {})
    engine = DynamoDbEngine(client, TABLES)
    engine.transact((Put(KEY, {}, Absent()),), "t")
    engine.transact((Put(KEY, {}, Absent()),), "")
    (_, first), (_, second) = client.asked
    assert first.pop("ClientRequestToken") == "t"
    assert first == second


def test_the_key_of_the_write_decides_where_it_goes() -> None:
    client = ScriptedClient({})
    DynamoDbEngine(client, TABLES).write(Put(KEY, {"pk": "elsewhere", "n": 1}, Absent()))
    ((_, sent),) = client.asked
    assert sent["TableName"] == "our-orders"
    assert sent["Item"] == {"pk": {"S": "P"}, "sk": {"S": "A"}, "n": {"N": "1"}}


def test_an_update_that_left_no_item_returns_none() -> None:
    engine = DynamoDbEngine(ScriptedClient({}), TABLES)
    assert engine.write(Update(KEY, Absent(), remove=("a",))) is None


def test_keys_left_over_are_asked_for_again() -> None:
    keys = [Key(Table.ORDERS, "P", sk) for sk in "ABC"]
    a, b, c = ({"pk": {"S": "P"}, "sk": {"S": sk}} for sk in "ABC")
    left = {"our-orders": {"Keys": [a], "ConsistentRead": True}}
    client = ScriptedClient(
        {"Responses": {"our-orders": [c, b]}, "UnprocessedKeys": left}, {"Responses": {"our-orders": [a]}}
    )
    found = DynamoDbEngine(client, TABLES).batch_get(keys)
    assert [item["sk"] for item in found] == ["A", "B", "C"]
    assert client.asked[1] == ("batch_get_item", {"RequestItems": left})


def test_keys_left_over_for_ever_are_throttling() -> None:
    left = {"our-orders": {"Keys": [{"pk": {"S": "P"}, "sk": {"S": "A"}}], "ConsistentRead": True}}
    client = ScriptedClient(*[{"Responses": {}, "UnprocessedKeys": left}] * 5)
    with pytest.raises(Throttled):
        DynamoDbEngine(client, TABLES).batch_get([KEY])
