"""Identifiers: derived where a replay must meet the same thing, random only for nonces and secrets."""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Protocol

ID_LENGTH = 26


class Nonces(Protocol):
    """Where randomness comes from; tests seed it."""

    def token(self) -> str:
        """Return 32 characters of [0-9a-f]."""
        ...


class SystemNonces:
    """The operating system's randomness; built in the wiring room only."""

    def token(self) -> str:
        return secrets.token_hex(16)


def derive_id(letter: str, *parts: str) -> str:
    """Return a 26-character id that the same parts always give: 125 bits of SHA-256 behind one letter.

    The parts are length-prefixed, so ("ab", "c") and ("a", "bc") differ. Characters: [A-Z2-7].
    """
    text = "".join(f"{len(part)}:{part}" for part in parts)
    digest = hashlib.sha256(text.encode()).digest()
    return letter + base64.b32encode(digest).decode()[: ID_LENGTH - 1]


def digest_of(body: Mapping[str, object]) -> str:
    """Return a digest of a request body that ignores the order of its fields (OR2)."""
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]
