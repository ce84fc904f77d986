"""WeChat Pay's desk for signatures: verifies merchants, signs answers and notices, publishes certificates."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from random import Random

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from simulators.keys import Keys, private_key, rotated
from simulators.misbehaviour import Effect, Faults
from simulators.protocol import Call, Json, Now, RefusedError
from simulators.texts import LETTERS, moment, pick, rfc3339
from simulators.wechat import crypto

PUBLISHED = 2
"""Certificates handed out at once: the one that signs and the one before it."""


class Mode(StrEnum):
    """With what answers and notices are signed."""

    CERTIFICATE = "certificate"
    PUBLIC_KEY = "public_key"
    MIXED = "mixed"
    """A merchant who is migrating: notices alternate between both."""


class Signer:
    def __init__(self, keys: Keys, now: Now, random: Random) -> None:
        self.keys = keys
        self.mode = Mode.CERTIFICATE
        self._now = now
        self._random = random
        self._turn = 0
        self._merchant = private_key(keys.merchant_private_key_pem).public_key()
        self._public = private_key(keys.public_private_key_pem)
        self._platform = private_key(keys.platforms[-1].private_key_pem)

    def rotate(self, at: datetime | None = None) -> str:
        """Publish a new platform certificate and sign with it; answers its serial."""
        self.keys = rotated(self.keys, at or moment(self._now()))
        self._platform = private_key(self.keys.platforms[-1].private_key_pem)
        return self.keys.platforms[-1].serial

    def verify(self, call: Call) -> str:
        """The mchid that signed this call; raises 401 SIGN_ERROR."""
        given = crypto.credentials(call.headers)
        if given.mchid != self.keys.mchid or given.serial.upper() != self.keys.merchant_serial:
            issue = {"issue": "unknown mchid or serial_no"}
            raise RefusedError(401, "SIGN_ERROR", "商户证书序列号有误", issue)
        if abs(int(given.timestamp) - self._now() // 1000) > crypto.SKEW_SECONDS:
            raise RefusedError(401, "SIGN_ERROR", "Http头的timestamp已过期", {"issue": "timestamp"})
        message = crypto.request_message(call.method, call.target, given.timestamp, given.nonce, call.body)
        if not crypto.verifies(self._merchant, message, given.signature):
            raise crypto.mismatch(call.method, call.target, message)
        return given.mchid

    def answer_headers(self, body: bytes, asked_serial: str, faults: Faults) -> Mapping[str, str]:
        """Signature headers of an answer: a caller that names the public key is answered with it."""
        public = self.mode is Mode.PUBLIC_KEY or asked_serial == self.keys.public_key_id
        return self._headers(body, public, faults)

    def notice_headers(self, body: bytes, faults: Faults) -> Mapping[str, str]:
        self._turn += 1
        public = self.mode is Mode.PUBLIC_KEY or (self.mode is Mode.MIXED and self._turn % 2 == 0)
        return self._headers(body, public, faults)

    def seal(self, plain: bytes, associated: str) -> Json:
        nonce = pick(self._random, LETTERS, 12)
        return {
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": crypto.seal(self.keys.api_v3_key, plain, associated, nonce),
            "associated_data": associated,
            "nonce": nonce,
        }

    def certificates(self) -> Json:
        """The answer of `GET /v3/certificates`."""
        return {
            "data": [
                {
                    "serial_no": platform.serial,
                    "effective_time": rfc3339(platform.effective_ms),
                    "expire_time": rfc3339(platform.expire_ms),
                    "encrypt_certificate": self.seal(platform.certificate_pem.encode(), "certificate"),
                }
                for platform in self.keys.platforms[-PUBLISHED:]
            ]
        }

    def _headers(self, body: bytes, public: bool, faults: Faults) -> Mapping[str, str]:
        stale = faults.get(Effect.STALE)
        timestamp = str((self._now() - (stale.ms if stale else 0)) // 1000)
        nonce = pick(self._random, LETTERS, 32)
        serial = self.keys.public_key_id if public else self.keys.platforms[-1].serial
        signature = crypto.sign(self._key(public, faults), crypto.answer_message(timestamp, nonce, body))
        if Effect.PROBE in faults:
            signature = "WECHATPAY/SIGNTEST/" + signature[19:]
        return {
            "Wechatpay-Serial": serial,
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": signature,
            "Wechatpay-Signature-Type": crypto.SCHEME,
        }

    def _key(self, public: bool, faults: Faults) -> RSAPrivateKey:
        announced, other = (self._public, self._platform) if public else (self._platform, self._public)
        return other if Effect.WRONG_SIGNATURE in faults else announced
