"""A WeChat Pay made of keys only: it signs and seals as the platform does, and breaks one thing when told."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID

from octane.channels.wechat_pay.client import WechatPay
from octane.channels.wechat_pay.config import WechatPayConfig
from octane.channels.wechat_pay.keys import PlatformKeys
from octane.kernel.clock import Instant
from octane.wire.http import Response

NOW = Instant(1_795_000_000_000)
API_KEY = "0123456789abcdef0123456789abcdef"
NONCE = "c0ffee00c0ffee00c0ffee00c0ffee00"


class HandClock:
    def __init__(self, now: Instant = NOW) -> None:
        self.at = now

    def now(self) -> Instant:
        return self.at


class FixedNonces:
    def token(self) -> str:
        return NONCE


@dataclass(frozen=True)
class Request:
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None

    @property
    def fields(self) -> dict[str, object]:
        return json.loads(self.body or b"{}")


@dataclass
class FakeTransport:
    """Records what is sent and gives the prepared answer, or raises the prepared fault."""

    answers: list[Response | Exception] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> Response:
        assert 0 < timeout_s <= 30
        self.requests.append(Request(method, url, headers, body))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def last(self) -> Request:
        return self.requests[-1]


@dataclass
class Platform:
    """The platform's private key under one serial; the defaults make a message that verifies."""

    key: rsa.RSAPrivateKey
    serial: str
    clock: HandClock

    def public_pem(self) -> str:
        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def headers(
        self, body: bytes, timestamp: int | None = None, nonce: str = "answer-nonce"
    ) -> dict[str, str]:
        stamp = self.clock.now() // 1_000 if timestamp is None else timestamp
        message = f"{stamp}\n{nonce}\n".encode() + body + b"\n"
        signature = self.key.sign(message, padding.PKCS1v15(), SHA256())
        return {
            "wechatpay-timestamp": str(stamp),
            "wechatpay-nonce": nonce,
            "wechatpay-serial": self.serial,
            "wechatpay-signature": base64.b64encode(signature).decode(),
        }

    def answer(self, status: int = 200, fields: object = None, body: bytes | None = None) -> Response:
        content = json.dumps(fields).encode() if body is None and fields is not None else body or b""
        return Response(status, self.headers(content), content)

    def error(self, status: int, code: str) -> Response:
        return self.answer(status, {"code": code, "message": f"about {code}"})

    def sealed(self, plaintext: bytes, associated_data: str = "transaction") -> dict[str, str]:
        nonce = b"twelve-bytes"
        ciphertext = AESGCM(API_KEY.encode()).encrypt(nonce, plaintext, associated_data.encode())
        return {
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": base64.b64encode(ciphertext).decode(),
            "associated_data": associated_data,
            "nonce": nonce.decode(),
        }

    def notice_body(self, resource: object, event: str = "TRANSACTION.SUCCESS") -> bytes:
        sealed = self.sealed(json.dumps(resource).encode())
        return json.dumps({"id": "n-1", "event_type": event, "resource": sealed}).encode()


def make_certificate(
    key: rsa.RSAPrivateKey, serial: int, start: datetime | None = None, days: int = 3650
) -> str:
    begins = start or datetime(2026, 1, 1, tzinfo=UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tenpay.com sign")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=days))
        .sign(key, SHA256())
    )
    return certificate.public_bytes(Encoding.PEM).decode()


SERIAL = 0x0A5765756002FDD7


@pytest.fixture(scope="session")
def platform_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="session")
def other_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="session")
def merchant_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def platform(platform_key: rsa.RSAPrivateKey, clock: HandClock) -> Platform:
    """The platform in certificate mode."""
    return Platform(platform_key, "0A5765756002FDD7", clock)


@pytest.fixture
def successor(other_key: rsa.RSAPrivateKey, clock: HandClock) -> Platform:
    """The platform in public-key mode, or after a rotation: another key."""
    return Platform(other_key, "PUB_KEY_ID_0112345", clock)


@pytest.fixture
def config(platform: Platform, successor: Platform, merchant_key: rsa.RSAPrivateKey) -> WechatPayConfig:
    private = merchant_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    secret = {
        "mchid": "1900000001",
        "appid": "wx0000000000000001",
        "app_secret": "not used here",
        "serial_no": "4A3B",
        "private_key_pem": private,
        "api_v3_key": API_KEY,
        "platform_certificates": [make_certificate(platform.key, SERIAL)],
        "public_key_id": successor.serial,
        "public_key_pem": successor.public_pem(),
        "sub_mchid": "",
        "sub_appid": "",
    }
    return WechatPayConfig.from_secret(
        secret, "https://pay.test/", "https://our.test/payments", "https://our.test/refunds"
    )


@pytest.fixture
def partner_config(config: WechatPayConfig) -> WechatPayConfig:
    return replace(config, sub_mchid="1900000099")


@pytest.fixture
def transport() -> FakeTransport:
    return FakeTransport()


@pytest.fixture
def make_channel(transport: FakeTransport, clock: HandClock):
    def make(config: WechatPayConfig) -> WechatPay:
        keys = PlatformKeys(config, transport, clock, FixedNonces())
        return WechatPay(config, transport, clock, FixedNonces(), keys)

    return make


@pytest.fixture
def channel(make_channel, config: WechatPayConfig) -> WechatPay:
    return make_channel(config)


@pytest.fixture
def partner(make_channel, partner_config: WechatPayConfig) -> WechatPay:
    return make_channel(partner_config)


@pytest.fixture
def trade() -> dict[str, object]:
    """A paid trade as the platform tells it, in a query and in a notice."""
    return {
        "mchid": "1900000001",
        "appid": "wx0000000000000001",
        "out_trade_no": "OABCDEFGHIJKLMNOPQRSTUVWXYP01",
        "transaction_id": "4200000000000001",
        "trade_type": "JSAPI",
        "trade_state": "SUCCESS",
        "success_time": "2026-11-18T20:26:40+08:00",
        "payer": {"openid": "o-payer"},
        "amount": {"total": 10_000, "payer_total": 9_500, "currency": "CNY", "payer_currency": "CNY"},
    }


@pytest.fixture
def partner_trade(trade: dict[str, object]) -> dict[str, object]:
    owner = {"sp_mchid": trade["mchid"], "sp_appid": trade["appid"], "sub_mchid": "1900000099"}
    kept = {name: value for name, value in trade.items() if name not in ("mchid", "appid")}
    return {**kept, **owner, "payer": {"sp_openid": "o-payer"}}


@pytest.fixture
def refund_answer() -> dict[str, object]:
    return {
        "refund_id": "50300000000001",
        "out_refund_no": "OABCDEFGHIJKLMNOPQRSTUVWXYF01",
        "transaction_id": "4200000000000001",
        "out_trade_no": "OABCDEFGHIJKLMNOPQRSTUVWXYP01",
        "status": "PROCESSING",
        "amount": {"total": 10_000, "refund": 2_500, "payer_total": 9_500, "currency": "CNY"},
    }
