"""The embedded AWS of the privacy demo, with what evidence needs beside: an archive that nobody can delete
from, a signing key, the authority's certificates; and our functions, called as AWS calls them."""

import importlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from local.cloud import Cloud
from octane import wiring
from octane.store.expressions import marshal_item
from octane.store.items import Item, Scan, Table
from privacy_demo.place import AheadClock, PlaceWiring, opened
from simulators.client import Control, running
from simulators.server import Options

LOCKED = "locked-archive"
LOCK_DAYS = 1
PAGE = 100


class Stage(NamedTuple):
    cloud: Cloud
    octane: PlaceWiring
    clock: AheadClock
    authority: Control


@contextmanager
def staged(directory: Path, clock: AheadClock) -> Iterator[Stage]:
    with opened(directory) as place, running(Options(state_dir=directory)) as world:
        environment = {
            **place.environment,
            "OCTANE_BUCKET_ARCHIVE": _locked_bucket(place.cloud),
            "OCTANE_MANIFEST_KEY": _signing_key(place.cloud),
            "OCTANE_TSA_URL": f"{world.tsa_url}/tsa",
            "OCTANE_SECRET_TSA": _secret(place.cloud, world.tsa.get("/keys")),
        }
        octane = PlaceWiring(environment, clock)
        wiring.use(octane)
        try:
            yield Stage(place.cloud, octane, clock, world.tsa)
        finally:
            wiring.use(None)


def _locked_bucket(cloud: Cloud) -> str:
    storage = cloud.client("s3")
    storage.create_bucket(Bucket=LOCKED, ObjectLockEnabledForBucket=True)
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": LOCK_DAYS}}
    lock = {"ObjectLockEnabled": "Enabled", "Rule": rule}
    storage.put_object_lock_configuration(Bucket=LOCKED, ObjectLockConfiguration=lock)
    return LOCKED


def _signing_key(cloud: Cloud) -> str:
    key = cloud.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    found: str = key["KeyMetadata"]["KeyId"]
    return found


def _secret(cloud: Cloud, value: Mapping[str, Any]) -> str:
    made = cloud.client("secretsmanager").create_secret(Name="tsa", SecretString=json.dumps(value))
    found: str = made["ARN"]
    return found


def call(function: str, event: Mapping[str, Any]) -> None:
    """Run a function of ours: `audit/journal_acts`."""
    handler: Callable[[Mapping[str, Any], None], None]
    handler = importlib.import_module(function.replace("/", ".")).handler
    handler(event, None)


class Streams:
    """The tables' streams: what was inserted since the last time, in the shape in which Lambda gets it."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._seen: set[tuple[str, ...]] = set()

    def carry(self) -> tuple[int, int]:
        """Bring entries and acts to their journals, twice each as a stream may, and requests to the builder.

        Return how many entries and acts there were.
        """
        entries, acts = self._fresh(Table.LEDGER), self._fresh(Table.AUDIT)
        asked = [each for each in acts if each["dynamodb"]["Keys"]["sk"]["S"] == "#EVIDENCE"]
        for _ in range(2):
            call("ledger/journal_entries", {"Records": entries})
            call("audit/journal_acts", {"Records": acts})
        for request in asked:
            call("evidence/build_evidence", {"Records": [request]})
        return len(entries), len(acts) - len(asked)

    def _fresh(self, table: Table) -> list[dict[str, Any]]:
        found = []
        for item in self._items(table):
            name = (table.value, str(item["pk"]), str(item["sk"]))
            if name not in self._seen:
                self._seen.add(name)
                keys = marshal_item({"pk": item["pk"], "sk": item["sk"]})
                image = {"Keys": keys, "NewImage": marshal_item(item)}
                found.append({"eventName": "INSERT", "dynamodb": image})
        return found

    def _items(self, table: Table) -> Iterator[Item]:
        after: Mapping[str, str | int] | None = None
        while True:
            page = self._stage.octane.store.scan(Scan(table, PAGE, after))
            yield from page.items
            after = page.cursor
            if after is None:
                return


def cannot_be_deleted(cloud: Cloud, key: str) -> bool:
    """Try to delete a version for good, and to write over it where there must be nothing."""
    storage = cloud.client("s3")
    version = storage.head_object(Bucket=LOCKED, Key=key).get("VersionId")
    retained = storage.get_object_retention(Bucket=LOCKED, Key=key)["Retention"]["RetainUntilDate"]
    try:
        storage.delete_object(Bucket=LOCKED, Key=key, VersionId=version)
    except storage.exceptions.ClientError as refusal:
        denied = refusal.response["Error"]["Code"] == "AccessDenied"
        return bool(denied and retained > datetime.now(UTC) + timedelta(hours=1))
    return False
