"""The cryptography of WeChat Pay v3: what is signed, how it is sealed. Instants are epoch seconds here."""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from simulators.protocol import Json, RefusedError

SCHEME = "WECHATPAY2-SHA256-RSA2048"
SKEW_SECONDS = 300
PAIR = re.compile(r'(\w+)="([^"]*)"')
SHOWN = 512
"""How much of the signed message a SIGN_ERROR shows."""


def request_message(method: str, target: str, timestamp: str, nonce: str, body: bytes) -> bytes:
    """What a merchant signs: method, raw path and query, timestamp, nonce, raw body, a newline after each."""
    return f"{method}\n{target}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"


def answer_message(timestamp: str, nonce: str, body: bytes) -> bytes:
    """What WeChat Pay signs, for answers and notices alike."""
    return f"{timestamp}\n{nonce}\n".encode() + body + b"\n"


def sign(key: RSAPrivateKey, message: bytes) -> str:
    """SHA256 with RSA, PKCS#1 v1.5, base64: the same message always gives the same signature."""
    return b64encode(key.sign(message, PKCS1v15(), SHA256())).decode()


def verifies(key: RSAPublicKey, message: bytes, signature: str) -> bool:
    try:
        key.verify(b64decode(signature, validate=True), message, PKCS1v15(), SHA256())
    except (InvalidSignature, Base64Error):
        return False
    return True


def seal(api_v3_key: str, plain: bytes, associated: str, nonce: str) -> str:
    """AES-256-GCM, base64 of ciphertext and tag; `nonce` is 12 characters."""
    return b64encode(AESGCM(api_v3_key.encode()).encrypt(nonce.encode(), plain, associated.encode())).decode()


@dataclass(frozen=True, slots=True)
class Credentials:
    """The Authorization header of a request."""

    mchid: str
    nonce: str
    timestamp: str
    serial: str
    signature: str


def credentials(headers: Mapping[str, str]) -> Credentials:
    """Read the header, its fields in any order; raises 401 SIGN_ERROR when it is missing or malformed."""
    scheme, _, rest = headers.get("authorization", "").partition(" ")
    fields = dict(PAIR.findall(rest))
    needed = {"mchid", "nonce_str", "timestamp", "serial_no", "signature"}
    if scheme != SCHEME or set(fields) != needed or not fields["timestamp"].isdecimal():
        issue = {"issue": "malformed Authorization"}
        raise RefusedError(401, "SIGN_ERROR", "Http头Authorization值格式错误", issue)
    return Credentials(
        fields["mchid"], fields["nonce_str"], fields["timestamp"], fields["serial_no"], fields["signature"]
    )


def mismatch(method: str, target: str, message: bytes) -> RefusedError:
    """401 SIGN_ERROR with what the verifier believes was signed."""
    shown = message.decode("utf-8", "replace")[:SHOWN]
    detail: Json = {
        "detail": {"issue": "sign not match"},
        "field": "signature",
        "location": "authorization",
        "sign_information": {
            "method": method,
            "sign_message_length": len(message),
            "truncated_sign_message": shown,
            "url": target,
        },
    }
    return RefusedError(401, "SIGN_ERROR", "签名错误, 请检查后再试", detail)
