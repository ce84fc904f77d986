"""An Alipay made of keys only: it signs as the gateway does, and breaks one thing when told."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from octane.channels.alipay.client import Alipay
from octane.channels.alipay.config import AlipayConfig
from octane.channels.alipay.serials import certificate_sn
from octane.channels.port import PaymentMethod, PaymentRequest, RefundRequest, Trade
from octane.kernel.clock import Instant
from octane.kernel.money import Fen
from octane.wire.http import Response
from octane.wire.rsa import load_private_key
from simulators.alipay.keys import AlipayKeys, alipay_secret, new_alipay_keys

NOW = Instant(1_795_000_000_000)
NO = "OABCDEFGHIJKLMNOPQRSTUVWXYP01"
REFUND_NO = "OABCDEFGHIJKLMNOPQRSTUVWXYF01"
TRADE_NO = "2026111822001400000000000001"
FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}


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
    body: bytes

    @property
    def parameters(self) -> dict[str, str]:
        return dict(parse_qsl(self.url.partition("?")[2]) + parse_qsl(self.body.decode()))

    @property
    def content(self) -> dict[str, object]:
        return json.loads(self.parameters["biz_content"])


@dataclass
class FakeTransport:
    """Records what is sent and gives the prepared answer, or raises the prepared fault."""

    answers: list[Response | Exception] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> Response:
        assert 0 < timeout_s <= 30
        self.requests.append(Request(method, url, headers, body or b""))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def last(self) -> Request:
        return self.requests[-1]


@dataclass
class Platform:
    """The gateway's private key; the defaults make a message that verifies."""

    key: rsa.RSAPrivateKey
    certificate_sn: str = ""

    def sign(self, message: bytes) -> str:
        return base64.b64encode(self.key.sign(message, padding.PKCS1v15(), SHA256())).decode()

    def body(self, name: str, content: str) -> bytes:
        certificate = f'"alipay_cert_sn":"{self.certificate_sn}",' if self.certificate_sn else ""
        return f'{{"{name}":{content},{certificate}"sign":"{self.sign(content.encode())}"}}'.encode()

    def answer(self, name: str, **fields: object) -> Response:
        content = json.dumps({"code": "10000", "msg": "Success", **fields}, ensure_ascii=False)
        return Response(200, {}, self.body(f"alipay_{name}_response", content))

    def error(self, name: str, sub_code: str, code: str = "40004") -> Response:
        return self.answer(name, code=code, msg="Failed", sub_code=sub_code, sub_msg=f"about {sub_code}")

    def notice(self, fields: Mapping[str, str], charset: str = "utf-8", kept: bool = False) -> bytes:
        """A form with its signature; `kept` signs the sign_type too."""
        shown = {**fields, "sign_type": "RSA2"}
        covered = shown if kept else fields
        message = "&".join(f"{name}={covered[name]}" for name in sorted(covered) if covered[name])
        return urlencode({**shown, "sign": self.sign(message.encode(charset))}, encoding=charset).encode()


@pytest.fixture(scope="session")
def keys() -> AlipayKeys:
    return new_alipay_keys(datetime.fromtimestamp(NOW // 1_000, UTC))


@pytest.fixture(scope="session")
def other_keys() -> AlipayKeys:
    return new_alipay_keys(datetime.fromtimestamp(NOW // 1_000, UTC))


def config_of(secret: Mapping[str, object]) -> AlipayConfig:
    return AlipayConfig.from_secret(secret, "https://pay.test/", "https://our.test/alipay")


@pytest.fixture
def config(keys: AlipayKeys) -> AlipayConfig:
    return config_of(alipay_secret(keys, "key"))


@pytest.fixture
def certified_config(keys: AlipayKeys) -> AlipayConfig:
    return config_of(alipay_secret(keys, "certificate"))


@pytest.fixture
def platform(keys: AlipayKeys) -> Platform:
    return Platform(load_private_key(keys.alipay_private_key_pem))


@pytest.fixture
def certified_platform(keys: AlipayKeys) -> Platform:
    sn = certificate_sn(keys.alipay_certificate_pem)
    return Platform(load_private_key(keys.alipay_private_key_pem), sn)


@pytest.fixture
def stranger(other_keys: AlipayKeys) -> Platform:
    return Platform(load_private_key(other_keys.alipay_private_key_pem))


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def transport() -> FakeTransport:
    return FakeTransport()


@pytest.fixture
def channel(config: AlipayConfig, transport: FakeTransport, clock: HandClock) -> Alipay:
    return Alipay(config, transport, clock)


@pytest.fixture
def certified(certified_config: AlipayConfig, transport: FakeTransport, clock: HandClock) -> Alipay:
    return Alipay(certified_config, transport, clock)


@pytest.fixture
def trade() -> Trade:
    return Trade(NO, NOW, Instant(NOW + 900_000))


@pytest.fixture
def payment(trade: Trade) -> PaymentRequest:
    return PaymentRequest(trade, PaymentMethod.ALIPAY_JSAPI, Fen(8_888), "加油卡充值", "074a1CcTG1Lelx")


@pytest.fixture
def code_payment(trade: Trade) -> PaymentRequest:
    return PaymentRequest(trade, PaymentMethod.ALIPAY_NATIVE, Fen(8_888), "加油卡充值", None)


@pytest.fixture
def refund(trade: Trade) -> RefundRequest:
    return RefundRequest(REFUND_NO, trade, TRADE_NO, Fen(2_500), Fen(8_888), "退卡", NOW, NOW)


@pytest.fixture
def notice(keys: AlipayKeys) -> dict[str, str]:
    """A paid trade as Alipay tells it."""
    return {
        "app_id": keys.app_id,
        "seller_id": keys.seller_id,
        "charset": "utf-8",
        "notify_type": "trade_status_sync",
        "notify_id": "2026111800222202640000001",
        "notify_time": "2026-11-18 20:26:41",
        "trade_status": "TRADE_SUCCESS",
        "out_trade_no": NO,
        "trade_no": TRADE_NO,
        "total_amount": "88.88",
        "buyer_open_id": "074a1CcTG1Lelx",
        "subject": "加油卡充值 100%",
        "gmt_payment": "2026-11-18 20:26:40",
        "fund_bill_list": '[{"amount":"88.88","fundChannel":"ALIPAYACCOUNT"}]',
        "body": "",
    }


@pytest.fixture
def ask(channel, transport, payment, trade, refund):
    """Make one call of the channel, with these answers in turn."""
    arguments = {"prepare": payment, "refund": refund, "query_refund": refund}

    def make(call, *answers, about=None):
        transport.answers = list(answers)
        return getattr(channel, call)(about or arguments.get(call, trade))

    return make
