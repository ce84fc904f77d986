"""SHA256-RSA with PKCS#1 v1.5, and the keys it needs (PY9)."""

import base64
import binascii
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key


class KeyUnreadableError(ValueError):
    """A PEM that holds no RSA key of the expected kind. The text is never repeated in the message."""


@lru_cache(maxsize=8)
def load_private_key(pem: str) -> RSAPrivateKey:
    """Read an unencrypted PKCS#8 or PKCS#1 key.

    The arithmetic check of the key's parts is left out: it costs 50 ms of every cold start, and the key comes
    from our own secret store. A damaged key makes signatures that the provider refuses.
    """
    try:
        key = load_pem_private_key(pem.encode(), None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError):
        raise KeyUnreadableError("not a private key") from None
    if not isinstance(key, RSAPrivateKey):
        raise KeyUnreadableError("not an RSA private key")
    return key


def load_public_key(pem: str) -> RSAPublicKey:
    try:
        key = load_pem_public_key(pem.encode())
    except ValueError:
        raise KeyUnreadableError("not a public key") from None
    if not isinstance(key, RSAPublicKey):
        raise KeyUnreadableError("not an RSA public key")
    return key


def sign(key: RSAPrivateKey, message: bytes) -> str:
    """Return the signature in base64."""
    return base64.b64encode(key.sign(message, PKCS1v15(), SHA256())).decode()


def verify(key: RSAPublicKey, message: bytes, signature: str) -> bool:
    """Say whether `signature` (base64) is over `message`; text that is not base64 is a no."""
    try:
        key.verify(base64.b64decode(signature, validate=True), message, PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
