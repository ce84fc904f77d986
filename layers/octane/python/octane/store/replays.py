"""Replays of a request that creates something: the same key answers the same, another body under it is
refused.

The record is written in the transaction that creates the thing, so there is no moment in which one exists
without the other. Where the thing's own id derives from the key (an order), the thing itself is the record.
"""

from octane.kernel.clock import Instant
from octane.kernel.errors import KeyReusedError, StateError
from octane.kernel.ids import derive_id
from octane.store.items import Item, Key, Table
from octane.store.store import Store
from octane.store.writes import Absent, Put

KEPT_SECONDS = 30 * 24 * 3600


class ReplayedError(StateError):
    """The key was used before: `recall` tells what it made. Callers catch this; it never reaches a client."""

    code = "REPLAYED"


def remember(record: Key, digest: str, made: str, now: Instant) -> Put:
    """Return the write that claims a key for what it makes; its failure is `ReplayedError`."""
    item: Item = {"digest": digest, "made": made, "ttl": now // 1000 + KEPT_SECONDS}
    return Put(record, item, when=Absent(), otherwise=ReplayedError())


def recall(store: Store, record: Key, digest: str) -> str:
    """Return what the key made, or raise `KeyReusedError` when it came with another body."""
    found = store.get(record)
    if found is None or found["digest"] != digest:
        raise KeyReusedError
    return str(found["made"])


def replay_key(table: Table, partition: str, operation: str, key: str) -> Key:
    return Key(table, partition, f"KEY#{operation}#{derive_id('K', key)}")
