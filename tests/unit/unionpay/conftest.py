"""A UnionPay made of keys only: it signs as the gateway does, and breaks one thing when told."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from octane.channels.port import PaymentMethod, PaymentRequest, RefundRequest, Trade
from octane.channels.unionpay.client import UnionPay
from octane.channels.unionpay.config import UnionPayConfig
from octane.kernel.clock import Instant
from octane.kernel.money import Fen
from octane.wire.http import Response
from simulators.unionpay.authority import UnionPayKeys, new_unionpay_keys, unionpay_secret

NOW = Instant(1_795_000_000_000)
"""2026-11-18 19:06:40 in Beijing: inside a clearing day."""
MINUTE = 60_000
NO = "OABCDEFGHIJKLMNOPQRSTUVWXYP01"
REFUND_NO = "OABCDEFGHIJKLMNOPQRSTUVWXYF01"
QUERY_ID = "442611181906407846498"


class HandClock:
    def __init__(self, now: Instant = NOW) -> None:
        self.at = now

    def now(self) -> Instant:
        return self.at


@dataclass(frozen=True)
class Request:
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None

    @property
    def fields(self) -> dict[str, str]:
        return dict(parse_qsl((self.body or b"").decode(), strict_parsing=True))


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


def signature_of(private_key_pem: str, fields: Mapping[str, str]) -> str:
    joined = "&".join(f"{name}={fields[name]}" for name in sorted(fields) if fields[name])
    digest = hashlib.sha256(joined.encode()).hexdigest().encode()
    key = load_pem_private_key(private_key_pem.encode(), None, unsafe_skip_rsa_key_validation=True)
    return base64.b64encode(key.sign(digest, PKCS1v15(), SHA256())).decode()


@dataclass
class Platform:
    """The gateway: the defaults make a message that verifies. A field that is None is left out."""

    keys: UnionPayKeys

    def message(self, private_key_pem: str = "", **fields: str | None) -> dict[str, str]:
        complete = {
            "version": "5.1.0",
            "encoding": "UTF-8",
            "signMethod": "01",
            "merId": self.keys.mer_id,
            "signPubKeyCert": self.keys.signer_pem,
            **fields,
        }
        kept = {name: value for name, value in complete.items() if value is not None}
        return {**kept, "signature": signature_of(private_key_pem or self.keys.signer_private_key_pem, kept)}

    def answer(self, **fields: str | None) -> Response:
        return raw(self.message(**{"respCode": "00", "respMsg": "成功[0000000]", **fields}))

    def about_trade(self, **fields: str | None) -> Response:
        return self.answer(**{"orderId": NO, "txnTime": "20261118190640", "txnType": "01", **fields})

    def about_refund(self, **fields: str | None) -> Response:
        sent = {"orderId": REFUND_NO, "txnTime": "20261118190640", "txnType": "04", "origQryId": QUERY_ID}
        return self.answer(**{**sent, "queryId": "552611181907007846499", "txnAmt": "2500", **fields})

    def paid(self, **fields: str | None) -> dict[str, str | None]:
        """The marks of a payment that was carried out."""
        return {
            "currencyCode": "156",
            "txnAmt": "10000",
            "queryId": QUERY_ID,
            "traceNo": "784649",
            "traceTime": "1118190700",
            "settleDate": "1118",
            "accNo": "622155******0018",
            **fields,
        }

    def payment_notice(self, **fields: str | None) -> bytes:
        named = {"orderId": NO, "txnTime": "20261118190640", "txnType": "01", "respCode": "00"}
        return urlencode(self.message(**{**named, **self.paid(), **fields})).encode()

    def refund_notice(self, **fields: str | None) -> bytes:
        named = {"orderId": REFUND_NO, "txnTime": "20261118190640", "txnType": "04", "respCode": "00"}
        more = {"origQryId": QUERY_ID, "reqReserved": NO, **self.paid(txnAmt="2500", accNo=None)}
        return urlencode(self.message(**{**named, **more, **fields})).encode()


def raw(fields: Mapping[str, str], status: int = 200) -> Response:
    return Response(status, {}, "&".join(f"{name}={value}" for name, value in fields.items()).encode())


@pytest.fixture(scope="session")
def keys() -> UnionPayKeys:
    return new_unionpay_keys(datetime(2026, 11, 1, tzinfo=UTC))


@pytest.fixture(scope="session")
def other_keys() -> UnionPayKeys:
    """Another authority, whose certificate names UnionPay just as well."""
    return new_unionpay_keys(datetime(2026, 11, 1, tzinfo=UTC))


@pytest.fixture
def platform(keys: UnionPayKeys) -> Platform:
    return Platform(keys)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def config(keys: UnionPayKeys) -> UnionPayConfig:
    return UnionPayConfig.from_secret(
        unionpay_secret(keys),
        "https://gateway.test/",
        "https://files.test/",
        "https://our.test/payments",
        "https://our.test/refunds",
    )


@pytest.fixture
def transport() -> FakeTransport:
    return FakeTransport()


@pytest.fixture
def channel(config: UnionPayConfig, transport: FakeTransport, clock: HandClock) -> UnionPay:
    return UnionPay(config, transport, clock)


@pytest.fixture
def trade() -> Trade:
    return Trade(NO, NOW, Instant(NOW + 15 * MINUTE))


@pytest.fixture
def payment(trade: Trade) -> PaymentRequest:
    return PaymentRequest(trade, PaymentMethod.UNIONPAY_APP, Fen(10_000), "加油卡充值", None)


@pytest.fixture
def refund(trade: Trade) -> RefundRequest:
    return RefundRequest(
        REFUND_NO, trade, QUERY_ID, Fen(2_500), Fen(10_000), "why", NOW, Instant(NOW - MINUTE)
    )
