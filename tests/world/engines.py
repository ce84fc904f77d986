"""The engines that the store's contract is shown for, and short words for its tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from threading import Lock
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError
from moto import mock_aws

from octane.kernel.clock import Instant
from octane.store.dynamodb import DynamoDbEngine
from octane.store.engine import Engine
from octane.store.items import Item, Key, Table
from octane.store.writes import Absent, Condition, Put
from world.memory_engine import MemoryEngine
from world.tables import create_tables
from world.values import RefusedError

MISTAKES = (RefusedError, ClientError, ParamValidationError, TypeError)
"""How an engine says that the program is wrong: never one of the failures that the store tries again."""

SERIAL = count(1)


class HandClock:
    """Stands still until a test moves `at` (epoch milliseconds)."""

    def __init__(self, at: int = 1_700_000_000_000) -> None:
        self.at = at

    def now(self) -> Instant:
        return Instant(self.at)


class CountedNonces:
    """Tokens that no other test has used."""

    def token(self) -> str:
        return f"{next(SERIAL):032x}"


def in_memory() -> Engine:
    return MemoryEngine(HandClock())


class OneCallAtATime:
    """A client that hands over one call after the other, in whatever order the threads come.

    DynamoDB serialises the writes of an item; moto checks a condition and then writes, with no lock between.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._lock = Lock()

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)

        def in_turn(**request: Any) -> Any:
            with self._lock:
                return call(**request)

        return in_turn


@contextmanager
def on_moto() -> Iterator[Engine]:
    with mock_aws():
        client = dynamodb_client(None)
        yield DynamoDbEngine(OneCallAtATime(client), _tables(client))


def on_dynamodb(endpoint: str) -> Engine:
    """Make tables of our own at the endpoint."""
    client = dynamodb_client(endpoint)
    return DynamoDbEngine(client, _tables(client))


def _tables(client: Any) -> dict[Table, str]:
    return create_tables(client, f"contract-{CountedNonces().token()}-")


def dynamodb_client(endpoint: str | None) -> Any:
    """At the endpoint; None is AWS itself, as moto stands for it."""
    client: Any = boto3.session.Session().client(
        "dynamodb",
        region_name="eu-west-1",
        endpoint_url=endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, max_pool_connections=32),
    )
    return client


def at(pk: str, sk: str = "A", table: Table = Table.ORDERS) -> Key:
    return Key(table, pk, sk)


def put(key: Key, when: Condition | None = None, **item: Any) -> Put:
    return Put(key, item, when or Absent())


def stored(engine: Engine, key: Key, **item: Any) -> None:
    engine.write(put(key, **item))


def whole(key: Key, **item: Any) -> Item:
    """Return the item as it is read, with its key."""
    return {"pk": key.pk, "sk": key.sk, **item}
