"""A folder's manifest and its signature (LG7, SE2).

The manifest names every file with its size and SHA-256. Its checksum (its SHA-256 without that field) only
tells an altered manifest from an altered signature. `manifest.sig` is ECDSA P-256 over the manifest's
SHA-256, in DER: `openssl dgst -sha256 -verify manifest.pem -signature manifest.sig manifest.json` checks it
too.
"""

import base64
import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Protocol

MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"
KEY = "manifest.pem"


class Signer(Protocol):
    """A key of ours that signs and never leaves its place: ECDSA on P-256."""

    def sign(self, digest: bytes) -> bytes:
        """Sign a SHA-256 digest; return the signature in DER."""
        ...

    def public_key(self) -> bytes:
        """The key's SubjectPublicKeyInfo in DER."""
        ...


def signed_manifest(record: Mapping[str, object], signer: Signer) -> dict[str, bytes]:
    """The three files that seal a folder: key, manifest, signature."""
    key = signer.public_key()
    named = {**record, "key_sha256": sha256(key).hexdigest()}
    manifest = _written({**named, "checksum": sha256(_written(named)).hexdigest()})
    return {KEY: _pem(key), MANIFEST: manifest, SIGNATURE: signer.sign(sha256(manifest).digest())}


def _written(record: Mapping[str, object]) -> bytes:
    return (json.dumps(record, ensure_ascii=False, indent=1) + "\n").encode()


def _pem(key: bytes) -> bytes:
    text = base64.b64encode(key)
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return b"\n".join([b"-----BEGIN PUBLIC KEY-----", *lines, b"-----END PUBLIC KEY-----", b""])
