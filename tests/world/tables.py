"""The tables as a deployment makes them, derived from the store's own list of indexes."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from octane.store.items import INDEXES, Index, Table

NUMBERS = frozenset({"due_at"})
"""Key attributes of type N; every other key attribute is S."""


class TableMaker(Protocol):
    """The one call of `boto3.client("dynamodb")` that makes a table."""

    def create_table(self, **parameters: Any) -> Any: ...


def key_type(attribute: str) -> str:
    return "N" if attribute in NUMBERS else "S"


def create_tables(client: TableMaker, prefix: str = "") -> Mapping[Table, str]:
    """Make the tables, on demand, and return their names."""
    for table in Table:
        client.create_table(**_description(table, f"{prefix}{table}"))
    return {table: f"{prefix}{table}" for table in Table}


def _description(table: Table, name: str) -> dict[str, Any]:
    indexes = INDEXES.get(table, ())
    attributes = dict.fromkeys(("pk", "sk", *_key_attributes(indexes)))
    description: dict[str, Any] = {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": a, "AttributeType": key_type(a)} for a in attributes],
        "KeySchema": _schema("pk", "sk"),
    }
    if indexes:
        description["GlobalSecondaryIndexes"] = [
            {
                "IndexName": index.name,
                "KeySchema": _schema(index.partition, index.sort),
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
            for index in indexes
        ]
    return description


def _key_attributes(indexes: tuple[Index, ...]) -> Iterator[str]:
    for index in indexes:
        yield index.partition
        yield index.sort


def _schema(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]
