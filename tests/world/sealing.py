"""A vault for tests: the product's own, with a key of the test's in the place of KMS."""

import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from octane.kernel.clock import Clock
from octane.kernel.ids import Nonces
from octane.privacy.keys import KeyRing
from octane.privacy.vault import FieldVault
from octane.store.store import Store
from world.permissions import Watch


class LocalDataKeys:
    """Makes and wraps data keys as KMS does, bound to their name; counts its calls."""

    def __init__(self, watch: Watch | None = None) -> None:
        self.calls: list[str] = []
        self._root = AESGCM(os.urandom(32))
        self._watch = watch

    def generate(self, name: str) -> tuple[bytes, bytes]:
        self._note("GenerateDataKey")
        plain, nonce = os.urandom(32), os.urandom(12)
        return plain, nonce + self._root.encrypt(nonce, plain, name.encode())

    def unwrap(self, name: str, wrapped: bytes) -> bytes:
        self._note("Decrypt")
        return self._root.decrypt(wrapped[:12], wrapped[12:], name.encode())

    def _note(self, action: str) -> None:
        self.calls.append(action)
        if self._watch:
            self._watch.note(f"kms:{action}", "VaultKey")


def local_vault(
    store: Store, clock: Clock, nonces: Nonces, data_keys: LocalDataKeys | None = None
) -> FieldVault:
    return FieldVault(KeyRing(store, data_keys or LocalDataKeys(), clock, nonces), nonces)
