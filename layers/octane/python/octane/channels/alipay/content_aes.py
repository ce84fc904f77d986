"""Alipay's content encryption: AES-CBC with PKCS#7 padding and an all-zero first block, base64 throughout.

It hides, it does not prove: a content is believed only after the signature around it.
"""

import base64
import binascii

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

BLOCK_BYTES = 16
ZERO_BLOCK = bytes(BLOCK_BYTES)
"""Fixed by Alipay's protocol."""


class ContentSealedError(ValueError):
    """A key or a ciphertext that does not open."""


def encrypt(key: str, plaintext: str) -> str:
    """Encrypt text; the key is base64. Raise `ContentSealedError` for a bad key."""
    padder = PKCS7(BLOCK_BYTES * 8).padder()
    padded = padder.update(plaintext.encode()) + padder.finalize()
    encryptor = _cipher(key).encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def decrypt(key: str, ciphertext: str) -> str:
    """Decrypt text; both are base64. Raise `ContentSealedError`."""
    decryptor = _cipher(key).decryptor()
    unpadder = PKCS7(BLOCK_BYTES * 8).unpadder()
    try:
        padded = decryptor.update(base64.b64decode(ciphertext, validate=True)) + decryptor.finalize()
        return (unpadder.update(padded) + unpadder.finalize()).decode()
    except (binascii.Error, ValueError):
        raise ContentSealedError("cannot be opened") from None


def _cipher(key: str) -> Cipher[CBC]:
    try:
        return Cipher(AES(base64.b64decode(key, validate=True)), CBC(ZERO_BLOCK))
    except (binascii.Error, ValueError):
        raise ContentSealedError("not an AES key") from None
