"""AES-GCM for what a provider seals for us, RSA-OAEP (SHA-1) for the fields it wants sealed."""

import base64
import binascii

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1

NONCE_BYTES = 12
OAEP_DIGEST = SHA1
"""Fixed by the provider's protocol; OAEP does not rest on collision resistance."""


class SealBrokenError(ValueError):
    """A ciphertext that does not open under this key, nonce and associated data, or is none."""


def seal(key: bytes, nonce: bytes, associated_data: bytes, plaintext: bytes) -> str:
    """Return base64 of ciphertext and tag. A nonce must never meet the same key twice."""
    return base64.b64encode(AESGCM(key).encrypt(nonce, plaintext, associated_data)).decode()


def unseal(key: bytes, nonce: bytes, associated_data: bytes, ciphertext: str) -> bytes:
    """Open base64 of ciphertext and tag; raise `SealBrokenError`."""
    if len(nonce) != NONCE_BYTES:
        raise SealBrokenError("nonce is not 12 bytes")
    try:
        return AESGCM(key).decrypt(nonce, base64.b64decode(ciphertext, validate=True), associated_data)
    except (InvalidTag, binascii.Error, ValueError):
        raise SealBrokenError("cannot be opened") from None


def seal_field(key: RSAPublicKey, text: str) -> str:
    """Return a sensitive request field in base64 of RSA-OAEP with SHA-1, as WeChat Pay v3 asks."""
    return base64.b64encode(key.encrypt(text.encode(), _oaep())).decode()


def unseal_field(key: RSAPrivateKey, ciphertext: str) -> str:
    """Open a sensitive field; raise `SealBrokenError`."""
    try:
        return key.decrypt(base64.b64decode(ciphertext, validate=True), _oaep()).decode()
    except (binascii.Error, ValueError):
        raise SealBrokenError("cannot be opened") from None


def _oaep() -> OAEP:
    return OAEP(mgf=MGF1(OAEP_DIGEST()), algorithm=OAEP_DIGEST(), label=None)
