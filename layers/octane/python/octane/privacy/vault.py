"""Sealed fields: AES-256-GCM under the ring's keys, and blind indexes (SE1, ID6).

A sealed text is `v1.<key id>.<base64url of nonce, ciphertext and tag>`. Its field and its owner are the
associated data, so it opens nowhere else. Nonces are random; a key seals far less than the 2^32 texts that
random nonces allow before a rotation replaces it.
"""

import base64
import binascii
import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from octane.kernel.ids import ID_LENGTH, Nonces
from octane.kernel.vault import Field
from octane.privacy.keys import KeyRing
from octane.wire.aead import NONCE_BYTES, SealBrokenError

VERSION = "v1"
PARTS = 3


class FieldVault:
    """Implements `octane.kernel.vault.Vault`."""

    def __init__(self, ring: KeyRing, nonces: Nonces) -> None:
        self.ring = ring
        self._nonces = nonces
        self._index_keys: tuple[bytes, dict[Field, bytes]] = (b"", {})

    def seal(self, field: Field, owner: str, plain: str) -> str:
        key_id, cipher = self.ring.sealing()
        nonce = bytes.fromhex(self._nonces.token())[-NONCE_BYTES:]
        sealed = nonce + cipher.encrypt(nonce, plain.encode(), _context(field, owner))
        return f"{VERSION}.{key_id}.{base64.urlsafe_b64encode(sealed).decode().rstrip('=')}"

    def open(self, field: Field, owner: str, sealed: str) -> str:
        key_id, content = _parts(sealed)
        nonce, ciphertext = content[:NONCE_BYTES], content[NONCE_BYTES:]
        cipher = self.ring.opening(key_id)
        try:
            plain = cipher.decrypt(nonce, ciphertext, _context(field, owner))
        except (InvalidTag, ValueError):
            raise SealBrokenError("cannot be opened") from None
        return plain.decode()

    def blind_index(self, field: Field, plain: str) -> str:
        mac = hmac.digest(self._index_key(field), plain.encode(), hashlib.sha256)
        return base64.b32encode(mac).decode()[:ID_LENGTH]

    def _index_key(self, field: Field) -> bytes:
        """Derived anew only when the ring has read its key again."""
        root = self.ring.index_key()
        if root != self._index_keys[0]:
            self._index_keys = (root, {})
        known = self._index_keys[1]
        if field not in known:
            info = f"octane blind index {VERSION} {field.value}".encode()
            known[field] = HKDFExpand(SHA256(), 32, info).derive(root)
        return known[field]


def key_of(sealed: str) -> str:
    """The id of the key that a text is sealed under; empty when it is not sealed."""
    parts = sealed.split(".")
    return parts[1] if len(parts) == PARTS and parts[0] == VERSION and all(parts) else ""


def _parts(sealed: str) -> tuple[str, bytes]:
    key_id = key_of(sealed)
    if not key_id:
        raise SealBrokenError("not sealed")
    text = sealed.rpartition(".")[2]
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise SealBrokenError("not base64") from None
    if len(content) <= NONCE_BYTES:
        raise SealBrokenError("too short")
    return key_id, content


def _context(field: Field, owner: str) -> bytes:
    """A field's name has no bar, so no two pairs write the same."""
    return f"octane|{VERSION}|{field.value}|{owner}".encode()
