"""The archive: the real adapter over a bucket that fails as S3 does, and the stream that feeds it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, TypeVar

from botocore.exceptions import ClientError, ReadTimeoutError

from octane.ledger.entries import entry_of
from octane.ledger.journal import append
from octane.store.items import Item, Table
from octane.store.s3 import S3Objects
from simulation.delivery import Stream
from simulation.faults import CONFLICT, READ, THROTTLE, WRITE
from simulation.world import TABLE, Lost, World

if TYPE_CHECKING:
    from octane.store.objects import Objects
    from simulation.deps import SimulatedDeps

PAGE = 2
"""Keys in an answer to a listing: so few that there is a next one."""
WINDOW_MS = 20_000
"""So long a batch is gathered at most."""

Answer = TypeVar("Answer")


class NoSuchKeyError(Exception):
    """There is no object under the key."""


class Raised:
    """Where boto3 keeps the errors of a client."""

    NoSuchKey = NoSuchKeyError


@dataclass(slots=True)
class Body:
    content: bytes

    def read(self) -> bytes:
        return self.content


@dataclass(slots=True)
class Bucket:
    """boto3's S3 client, as far as the adapter uses it."""

    world: World
    kept: dict[str, bytes] = field(default_factory=dict)
    overwritten: list[str] = field(default_factory=list)
    """Keys under which there was something else before."""
    exceptions: ClassVar = Raised

    def get_object(self, *, Bucket: str, Key: str) -> Mapping[str, object]:
        def read() -> Mapping[str, object]:
            if Key not in self.kept:
                raise NoSuchKeyError
            return {"Body": Body(self.kept[Key]), "LastModified": datetime.fromtimestamp(0, UTC)}

        return self._call(f"get {Key}", READ, read)

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, IfNoneMatch: str = "") -> None:
        def write() -> None:
            if IfNoneMatch and Key in self.kept:
                raise _refused(412)
            if self.kept.get(Key, Body) != Body:
                self.overwritten.append(Key)
            self.kept[Key] = bytes(Body)

        self._call(f"put {Key}", WRITE, write)

    def list_objects_v2(
        self, *, Bucket: str, Prefix: str, ContinuationToken: str = ""
    ) -> Mapping[str, object]:
        def read() -> Mapping[str, object]:
            found = sorted(key for key in self.kept if key.startswith(Prefix) and key > ContinuationToken)
            contents = [{"Key": key} for key in found[:PAGE]]
            if len(found) <= PAGE:
                return {"Contents": contents, "IsTruncated": False}
            return {"Contents": contents, "IsTruncated": True, "NextContinuationToken": found[PAGE - 1]}

        return self._call(f"list {Prefix}", READ, read)

    def _call(self, operation: str, kinds: tuple[str, ...], act: Callable[[], Answer]) -> Answer:
        def effect(kind: str) -> Answer:
            if kind == CONFLICT:  # somebody writes the key at this moment
                raise _refused(409)
            if kind == THROTTLE:
                raise _refused(503)
            return act()

        try:
            return self.world.outside(operation, "", kinds, TABLE, effect)
        except Lost:
            raise ReadTimeoutError(endpoint_url="s3") from None


def _refused(status: int) -> ClientError:
    return ClientError({"ResponseMetadata": {"HTTPStatusCode": status}}, "S3")  # type: ignore[typeddict-item]


class Journal:
    """The ledger's stream with its consumer. Only stories that close days keep one."""

    def __init__(self, world: World, deps: "SimulatedDeps") -> None:
        self.bucket = Bucket(world)
        self.kept = False
        archive: Objects = S3Objects(self.bucket, "archive", world.pause)

        def read(items: list[Item]) -> None:
            append(archive, map(entry_of, items))

        self.stream = Stream(world, "journal_entries", read)
        self.stream.repeats_after = (5, 100_000, 400_000)[world.schedule.seed % 3]
        self._world = world
        self._seen = 0

    def look(self) -> None:
        if not self.kept:
            return
        for change in self._world.changes(Table.LEDGER, self._seen):
            self._seen = change.number
            if is_entry(change.key.sk) and change.new:
                self.stream.take(change.new, most=WINDOW_MS)

    def entries(self) -> list[Item]:
        """Every entry of the ledger."""
        return [item for item in self._world.engine.items(Table.LEDGER) if is_entry(str(item["sk"]))]


def is_entry(sort_key: str) -> bool:
    """Balances and holds stand beside the entries."""
    return not sort_key.startswith("#")
