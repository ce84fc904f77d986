"""An embedded AWS with the tables, the bucket and the key that privacy needs, and nothing else."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from local.cloud import REGION, ROOT_CREDENTIALS, Cloud, start_cloud
from octane.kernel.clock import Clock, Instant, SystemClock
from octane.store.items import INDEXES, Index, Table
from octane.wiring import Wiring

NUMBERS = frozenset({"due_at"})
BUCKETS = ("archive", "work")


class AheadClock:
    """The machine's clock, some milliseconds ahead: what waits for minutes need not be waited for."""

    def __init__(self, ahead_ms: int = 0) -> None:
        self.ahead_ms = ahead_ms
        self._system = SystemClock()

    def now(self) -> Instant:
        return Instant(self._system.now() + self.ahead_ms)


class Place(NamedTuple):
    cloud: Cloud
    environment: Mapping[str, str]
    """What a process of ours needs to find it."""


class PlaceWiring(Wiring):
    """The product's wiring, by a clock that can be ahead; signals are printed nowhere."""

    def __init__(self, environment: Mapping[str, str], clock: AheadClock) -> None:
        super().__init__(environment)
        kept: dict[str, Clock] = {"clock": clock}
        self.__dict__.update(kept, signals=Unheard())


class Unheard:
    def __init__(self) -> None:
        self.names: list[str] = []

    def count(self, name: str, **_detail: str | int) -> None:
        self.names.append(name)


@contextmanager
def opened(directory: Path) -> Iterator[Place]:
    cloud = start_cloud(directory)
    try:
        place = Place(cloud, _furnished(cloud))
        os.environ.update(place.environment)  # AWS's client reads it there
        yield place
    finally:
        cloud.stop()


def _furnished(cloud: Cloud) -> dict[str, str]:
    tables, storage = cloud.client("dynamodb"), cloud.client("s3")
    for table in Table:
        tables.create_table(**_description(table))
    for bucket in BUCKETS:
        storage.create_bucket(Bucket=bucket)
    key: str = cloud.client("kms").create_key(Description="vault")["KeyMetadata"]["KeyId"]
    return {
        **{f"OCTANE_TABLE_{table.name}": table.value for table in Table},
        **{f"OCTANE_BUCKET_{bucket.upper()}": bucket for bucket in BUCKETS},
        "OCTANE_VAULT_KEY": key,
        "AWS_ENDPOINT_URL": cloud.endpoint,
        "AWS_DEFAULT_REGION": REGION,
        **{name.upper(): value for name, value in ROOT_CREDENTIALS.items()},
    }


def _description(table: Table) -> dict[str, object]:
    indexes = INDEXES.get(table, ())
    names = dict.fromkeys(
        ("pk", "sk", *(name for index in indexes for name in (index.partition, index.sort)))
    )
    description: dict[str, object] = {
        "TableName": table.value,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": "N" if name in NUMBERS else "S"} for name in names
        ],
        "KeySchema": _schema("pk", "sk"),
    }
    if indexes:
        description["GlobalSecondaryIndexes"] = [_index(index) for index in indexes]
    return description


def _index(index: Index) -> dict[str, object]:
    return {
        "IndexName": index.name,
        "KeySchema": _schema(index.partition, index.sort),
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }


def _schema(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]
