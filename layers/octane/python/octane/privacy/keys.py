"""The data keys: one seals, those before it still open until a rotation has replaced them (SE1).

| key (table identity)   | item                                                       |
|------------------------|------------------------------------------------------------|
| `#KEYS` / `CURRENT`    | which key seals, since when; the progress of a rotation    |
| `#KEYS` / `KEY#<id>`   | a data key, wrapped by KMS                                 |
| `#KEYS` / `INDEX`      | the key of the blind indexes, wrapped; it is never rotated |

A process keeps a plain key for at most `HELD_MS` and `MOST_USES` uses. So `HELD_MS` after another key became
current, nobody begins to seal under the old one; what was sealed before that is written within the life of a
function.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from octane.kernel.clock import MINUTE, Clock, Instant, later
from octane.kernel.errors import OctaneError, StateError
from octane.kernel.ids import Nonces, derive_id
from octane.store.items import Item, Key, Table
from octane.store.store import Store
from octane.store.writes import Absent, Put

HELD_MS = 5 * MINUTE
MOST_USES = 100_000
KEY_ID_LENGTH = 12
PARTITION = "#KEYS"
CURRENT = Key(Table.IDENTITY, PARTITION, "CURRENT")
INDEX = Key(Table.IDENTITY, PARTITION, "INDEX")


class KeyGoneError(OctaneError):
    """A fault to look at by hand: something is sealed under a key that a rotation has destroyed."""

    code = "SEALING_KEY_GONE"


class _MadeBeforeError(StateError):
    """Somebody else made the first key; it is read instead."""

    code = "KEY_MADE_BEFORE"


class DataKeys(Protocol):
    """KMS, as the vault needs it. Raises `VaultUnavailableError`."""

    def generate(self, name: str) -> tuple[bytes, bytes]: ...

    def unwrap(self, name: str, wrapped: bytes) -> bytes: ...


class _Held(NamedTuple):
    """A plain key in this process."""

    key_id: str
    key: bytes
    cipher: AESGCM
    until: Instant


class KeyRing:
    def __init__(self, store: Store, data_keys: DataKeys, clock: Clock, nonces: Nonces) -> None:
        self._store = store
        self._data_keys = data_keys
        self._clock = clock
        self._nonces = nonces
        self._held: dict[str, _Held] = {}
        self._uses: dict[str, int] = {}

    def sealing(self) -> tuple[str, AESGCM]:
        """The current key's id and cipher. Cold: two reads of the table and one call of KMS; warm: none."""
        held = self._use("", self._read_current)
        return held.key_id, held.cipher

    def opening(self, key_id: str) -> AESGCM:
        """The cipher of any key that is still there. Cold: one read and one call of KMS; warm: none.

        Raises `KeyGoneError`.
        """
        current = self._held.get("")
        if current is not None and current.key_id == key_id:
            return self.sealing()[1]
        return self._use(key_id, lambda: self._read(key_id)).cipher

    def index_key(self) -> bytes:
        """The key that blind indexes derive from."""
        return self._use(INDEX.sk, self._read_index).key

    def make(self) -> tuple[str, Put]:
        """A new data key: its id, and the write that keeps it. It is not current yet."""
        key_id = derive_id("D", self._nonces.token())[:KEY_ID_LENGTH]
        _, wrapped = self._data_keys.generate(key_id)
        item: Item = {"wrapped": wrapped, "made_at": self._clock.now()}
        return key_id, Put(key_at(key_id), item, when=Absent())

    def forget(self) -> None:
        """Drop all plain keys of this process."""
        self._held.clear()
        self._uses.clear()

    def _use(self, name: str, read: Callable[[], _Held]) -> _Held:
        held, now = self._held.get(name), self._clock.now()
        if held is None or now >= held.until or self._uses[name] >= MOST_USES:
            self._held[name] = held = read()
            self._uses[name] = 0
        self._uses[name] += 1
        return held

    def _read_current(self) -> _Held:
        found = self._store.get(CURRENT)
        return self._read(str(found["key_id"]) if found else self._first_key())

    def _first_key(self) -> str:
        key_id, kept = self.make()
        item: Item = {"key_id": key_id, "since": self._clock.now(), "version": 1}
        try:
            self._store.commit(kept, Put(CURRENT, item, when=Absent(), otherwise=_MadeBeforeError()))
        except _MadeBeforeError:
            return str((self._store.get(CURRENT) or {})["key_id"])
        return key_id

    def _read(self, key_id: str) -> _Held:
        item = self._store.get(key_at(key_id))
        if item is None:
            raise KeyGoneError
        return self._hold(key_id, _bytes(item["wrapped"]))

    def _read_index(self) -> _Held:
        item = self._store.get(INDEX)
        if item is None:
            _, wrapped = self._data_keys.generate(INDEX.sk)
            try:
                self._store.commit(
                    Put(INDEX, {"wrapped": wrapped}, when=Absent(), otherwise=_MadeBeforeError())
                )
            except _MadeBeforeError:
                item = self._store.get(INDEX)
            else:
                item = {"wrapped": wrapped}
        return self._hold(INDEX.sk, _bytes((item or {})["wrapped"]))

    def _hold(self, key_id: str, wrapped: bytes) -> _Held:
        plain = self._data_keys.unwrap(key_id, wrapped)
        return _Held(key_id, plain, AESGCM(plain), later(self._clock.now(), HELD_MS))


def key_at(key_id: str) -> Key:
    return Key(Table.IDENTITY, PARTITION, f"KEY#{key_id}")


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise KeyGoneError
    return value
