"""A house with a vault: tables in memory, a clock moved by hand, data keys of the test's own."""

from dataclasses import dataclass, field

from octane.kernel.vault import Field
from octane.limits.buckets import Buckets
from octane.limits.table import LIMITS
from octane.privacy.keys import KeyRing
from octane.privacy.vault import FieldVault
from octane.store.items import Item, Key, Table
from octane.store.store import Store
from octane.store.writes import Absent, Put
from world.engines import CountedNonces, HandClock
from world.memory_engine import MemoryEngine
from world.objects import MemoryObjects
from world.sealing import LocalDataKeys


class Signals:
    def __init__(self) -> None:
        self.seen: list[str] = []

    def count(self, name: str, **_detail: str | int) -> None:
        self.seen.append(name)


@dataclass
class House:
    """Implements the `Deps` of the room's use cases. `process()` is another process over the same tables."""

    clock: HandClock = field(default_factory=HandClock)
    signals: Signals = field(default_factory=Signals)
    data_keys: LocalDataKeys = field(default_factory=LocalDataKeys)
    nonces: CountedNonces = field(default_factory=CountedNonces)
    work: MemoryObjects = field(default_factory=MemoryObjects)

    def __post_init__(self) -> None:
        self.engine = MemoryEngine(self.clock)
        self.store = Store(self.engine, self.nonces, lambda _: None)
        self.key_ring = KeyRing(self.store, self.data_keys, self.clock, self.nonces)
        self.vault = FieldVault(self.key_ring, self.nonces)
        self.buckets = Buckets(self.store, self.clock, self.signals, LIMITS)

    def process(self) -> "House":
        other = House(self.clock, self.signals, self.data_keys, self.nonces, self.work)
        other.engine, other.store = self.engine, self.store
        other.key_ring = KeyRing(self.store, self.data_keys, self.clock, self.nonces)
        other.vault = FieldVault(other.key_ring, self.nonces)
        return other

    def keep(self, table: Table, pk: str, sk: str, item: Item) -> Key:
        key = Key(table, pk, sk)
        self.store.commit(Put(key, item, when=Absent()))
        return key

    def keep_card(self, user_id: str, number: str) -> Key:
        return self.keep(
            Table.IDENTITY,
            user_id,
            f"CARD#{user_id}",
            {"number": self.vault.seal(Field.CARD_NUMBER, user_id, number)},
        )

    def read(self, key: Key) -> Item:
        found = self.store.get(key)
        assert found is not None
        return found
