"""The store's engine on DynamoDB through boto3."""

from collections.abc import Mapping
from typing import Any, Protocol

from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ReadTimeoutError,
)

from octane.store.engine import AnswerLost, ConditionFailed, Conflict, Throttled
from octane.store.expressions import Expression, Wire, marshal_item, unmarshal_item
from octane.store.items import Item, Key, Page, Query, Scan, Table
from octane.store.writes import Check, Delete, Put, Update, Write

_THROTTLES = {
    "ProvisionedThroughputExceededException",
    "ProvisionedThroughputExceeded",
    "ThrottlingException",
    "ThrottlingError",
    "RequestLimitExceeded",
    "LimitExceededException",
}
_CONFLICTS = {"TransactionConflict", "TransactionConflictException", "TransactionInProgressException"}
_SERVER_FAULT = 500
_NOT_SENT = (ConnectTimeoutError, EndpointConnectionError)
_LOST = (ReadTimeoutError, ConnectionClosedError, HTTPClientError)


class DynamoDbClient(Protocol):
    """The calls of `boto3.client("dynamodb")` that the engine makes. Its own retries must be off."""

    def get_item(self, **parameters: Any) -> Wire: ...
    def query(self, **parameters: Any) -> Wire: ...
    def scan(self, **parameters: Any) -> Wire: ...
    def batch_get_item(self, **parameters: Any) -> Wire: ...
    def put_item(self, **parameters: Any) -> Wire: ...
    def update_item(self, **parameters: Any) -> Wire: ...
    def delete_item(self, **parameters: Any) -> Wire: ...
    def transact_write_items(self, **parameters: Any) -> Wire: ...


class DynamoDbEngine:
    """`tables` gives each table's name in this deployment."""

    def __init__(self, client: DynamoDbClient, tables: Mapping[Table, str]) -> None:
        self._client = client
        self._tables = tables

    def get(self, key: Key) -> Item | None:
        answer = self._call("get_item", **self._at(key), ConsistentRead=True)
        found = answer.get("Item")
        return None if found is None else unmarshal_item(found)

    def query(self, query: Query) -> Page:
        expression = Expression()
        partition, sort = (query.index.partition, query.index.sort) if query.index else ("pk", "sk")
        condition = f"{expression.name(partition)} = {expression.value(query.partition)}"
        match query.first, query.last:
            case None, None:
                pass
            case first, None:
                condition += f" AND {expression.name(sort)} >= {expression.value(first)}"
            case None, last:
                condition += f" AND {expression.name(sort)} <= {expression.value(last)}"
            case first, last:
                bounds = f"{expression.value(first)} AND {expression.value(last)}"
                condition += f" AND {expression.name(sort)} BETWEEN {bounds}"
        parameters: Wire = {
            "TableName": self._tables[query.table],
            "KeyConditionExpression": condition,
            "ScanIndexForward": not query.newest_first,
            "ConsistentRead": query.index is None,
            **expression.parameters(),
        }
        if query.index:
            parameters["IndexName"] = query.index.name
        if query.limit is not None:
            parameters["Limit"] = query.limit
        if query.after is not None:
            parameters["ExclusiveStartKey"] = marshal_item(query.after)
        return _page(self._call("query", **parameters))

    def scan(self, scan: Scan) -> Page:
        parameters: Wire = {
            "TableName": self._tables[scan.table],
            "Limit": scan.limit,
            "ConsistentRead": True,
        }
        if scan.after is not None:
            parameters["ExclusiveStartKey"] = marshal_item(scan.after)
        return _page(self._call("scan", **parameters))

    def batch_get(self, keys: list[Key]) -> list[Item]:
        request: Wire = {}
        for key in keys:
            wanted = request.setdefault(self._tables[key.table], {"Keys": [], "ConsistentRead": True})
            wanted["Keys"].append(marshal_item({"pk": key.pk, "sk": key.sk}))
        found: dict[tuple[object, object, object], Item] = {}
        for _ in range(5):
            answer = self._call("batch_get_item", RequestItems=request)
            for table, wires in answer["Responses"].items():
                for item in map(unmarshal_item, wires):
                    found[table, item["pk"], item["sk"]] = item
            request = answer.get("UnprocessedKeys") or {}
            if not request:
                places = ((self._tables[key.table], key.pk, key.sk) for key in keys)
                return [found[place] for place in places if place in found]
        raise Throttled

    def write(self, write: Write) -> Item | None:
        match write:
            case Put():
                self._call("put_item", **self._put(write))
            case Update():
                answer = self._call("update_item", **self._update(write), ReturnValues="ALL_NEW")
                attributes = answer.get("Attributes")
                return unmarshal_item(attributes) if attributes else None
            case Delete():
                self._call("delete_item", **self._conditional(write))
            case Check():
                self.transact((write,), "")
        return None

    def transact(self, writes: tuple[Write, ...], token: str) -> None:
        parameters: Wire = {"TransactItems": [self._transact_item(write) for write in writes]}
        if token:
            parameters["ClientRequestToken"] = token
        self._call("transact_write_items", **parameters)

    def _transact_item(self, write: Write) -> Wire:
        match write:
            case Put():
                return {"Put": self._put(write)}
            case Update():
                return {"Update": self._update(write)}
            case Delete():
                return {"Delete": self._conditional(write)}
            case Check():
                return {"ConditionCheck": self._conditional(write)}

    def _put(self, write: Put) -> Wire:
        expression = Expression()
        return {
            "TableName": self._tables[write.key.table],
            "Item": marshal_item({**write.item, "pk": write.key.pk, "sk": write.key.sk}),
            "ConditionExpression": expression.condition(write.when),
            **expression.parameters(),
        }

    def _update(self, write: Update) -> Wire:
        expression = Expression()
        return {
            **self._at(write.key),
            "UpdateExpression": expression.update(write),
            "ConditionExpression": expression.condition(write.when),
            **expression.parameters(),
        }

    def _conditional(self, write: Delete | Check) -> Wire:
        expression = Expression()
        return {
            **self._at(write.key),
            "ConditionExpression": expression.condition(write.when),
            **expression.parameters(),
        }

    def _at(self, key: Key) -> Wire:
        return {"TableName": self._tables[key.table], "Key": marshal_item({"pk": key.pk, "sk": key.sk})}

    def _call(self, operation: str, **parameters: Any) -> Wire:
        try:
            answer: Wire = getattr(self._client, operation)(**parameters)
        except ClientError as error:
            raise _translated(error) from error
        except _NOT_SENT as error:
            raise Throttled from error
        except _LOST as error:
            raise AnswerLost from error
        return answer


def _page(answer: Wire) -> Page:
    last_key = answer.get("LastEvaluatedKey")
    cursor: Any = unmarshal_item(last_key) if last_key else None
    return Page([unmarshal_item(item) for item in answer["Items"]], cursor)


def _translated(error: ClientError) -> Exception:
    """The engine failure a provider's error means; an error that no retry mends (a missing table) stays
    itself."""
    code = error.response["Error"]["Code"]
    if code == "ConditionalCheckFailedException":
        return ConditionFailed()
    if code == "TransactionCanceledException":
        reasons: list[Any] = [reason.get("Code") for reason in error.response.get("CancellationReasons", [])]
        if "ConditionalCheckFailed" in reasons:
            return ConditionFailed(reasons.index("ConditionalCheckFailed"))
        if _CONFLICTS.intersection(reasons):
            return Conflict()
        if _THROTTLES.intersection(reasons):
            return Throttled()
    if code in _CONFLICTS:
        return Conflict()
    if code in _THROTTLES:
        return Throttled()
    if error.response["ResponseMetadata"]["HTTPStatusCode"] >= _SERVER_FAULT:
        return AnswerLost()
    return error
