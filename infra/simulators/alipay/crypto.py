"""RSA2 as the open platform speaks it: sorted `k=v` pairs, SHA256 with RSA, base64."""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256


def pairs(fields: Mapping[str, str], *left_out: str) -> str:
    """Every non-empty field by name, unencoded."""
    return "&".join(
        f"{name}={fields[name]}" for name in sorted(fields) if fields[name] and name not in left_out
    )


def sign(key: RSAPrivateKey, message: bytes) -> str:
    return b64encode(key.sign(message, PKCS1v15(), SHA256())).decode()


def verifies(key: RSAPublicKey, message: bytes, signature: str) -> bool:
    try:
        key.verify(b64decode(signature, validate=True), message, PKCS1v15(), SHA256())
    except (InvalidSignature, Base64Error, ValueError):
        return False
    return True
