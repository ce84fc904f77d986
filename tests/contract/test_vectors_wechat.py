"""Known answers for WeChat Pay v3: every vector of the channel is claimed by a test here."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from octane.channels.port import NoticeSignatureError, PaymentMethod
from octane.channels.wechat_pay import bill_file
from octane.channels.wechat_pay.client import WechatPay
from octane.channels.wechat_pay.config import WechatPayConfig
from octane.channels.wechat_pay.exchange import Exchange
from octane.channels.wechat_pay.keys import PlatformKeys
from octane.channels.wechat_pay.notices import open_notice
from octane.channels.wechat_pay.signing import request_message
from octane.kernel.clock import Instant
from octane.kernel.statement import LineKind, LineStatus, StatedTotal
from octane.wire import rsa
from octane.wire.aead import SealBrokenError, seal, unseal, unseal_field
from octane.wire.certificates import read_certificate
from octane.wire.http import NotSentError

VECTORS = {
    vector["id"]: vector
    for vector in json.loads(Path(__file__).with_name("vectors.json").read_text(encoding="utf-8"))["shared"]
    if vector["channel"] == "wechatpay_v3"
}
CLAIMED: set[str] = set()


def claim(identifier: str) -> dict:
    CLAIMED.add(identifier)
    return VECTORS[identifier]


PAY_SIGN = claim("wx-paysign-miniprogram")
REQUEST_SIGN = claim("wx-request-sign-post-jsapi")
RAW_SIGN = claim("wx-go-signer")
CERTIFICATE = claim("wx-go-platform-cert")
PUBLIC_KEY = claim("wx-go-pubkey-mode")
UNSEAL = claim("wx-go-aesgcm")
OAEP = claim("wx-go-oaep-decrypt")
NOTICE = claim("wx-go-notify-full")
ROUND_TRIP = claim("wx-java-aesgcm256")
BILL = claim("wx-tradebill-all-small")


def test_every_vector_is_claimed():
    assert set(VECTORS) == CLAIMED


class FixedClock:
    def __init__(self, seconds: str) -> None:
        self._now = Instant(int(seconds) * 1_000)

    def now(self) -> Instant:
        return self._now


class FixedNonces:
    def __init__(self, nonce: str) -> None:
        self._nonce = nonce

    def token(self) -> str:
        return self._nonce


class Recorder:
    """A transport that keeps what it was given and sends nothing."""

    def send(self, method, url, headers, body, timeout_s):
        self.method, self.url, self.headers, self.body = method, url, headers, body
        raise NotSentError("recorded")


def config_of(private_key_pem: str, **changes) -> WechatPayConfig:
    fields = {
        "mchid": "1900007291",
        "appid": PAY_SIGN["inputs"]["appId"],
        "serial_no": "01",
        "private_key_pem": private_key_pem,
        "api_v3_key": "k" * 32,
        "base_url": "https://pay.test",
        "payment_notify_url": "https://our.test/p",
        "refund_notify_url": "https://our.test/r",
    }
    return WechatPayConfig(**{**fields, **changes})


def test_client_parameters():
    inputs = PAY_SIGN["inputs"]
    config = config_of(PAY_SIGN["private_key_pem"])
    clock, nonces, wire = FixedClock("0"), FixedNonces("n"), Recorder()
    channel = WechatPay(config, wire, clock, nonces, PlatformKeys(config, wire, clock, nonces))
    reference = inputs["package"].removeprefix("prepay_id=")
    assert channel.client_parameters(
        PaymentMethod.WECHAT_JSAPI, reference, int(inputs["timeStamp"]), inputs["nonceStr"]
    ) == {**inputs, "signType": "RSA", "paySign": PAY_SIGN["expected_signature"]}


def test_request_signature():
    config = config_of(REQUEST_SIGN["private_key_pem"])
    wire = Recorder()
    exchange = Exchange(
        config, wire, FixedClock(REQUEST_SIGN["timestamp"]), FixedNonces(REQUEST_SIGN["nonce_str"])
    )
    with pytest.raises(NotSentError):
        exchange.send(
            REQUEST_SIGN["method"], REQUEST_SIGN["path_and_query"], json.loads(REQUEST_SIGN["body"])
        )
    assert wire.body == REQUEST_SIGN["body"].encode()
    assert f'signature="{REQUEST_SIGN["expected_signature"]}"' in wire.headers["authorization"]
    message = request_message(
        REQUEST_SIGN["method"],
        REQUEST_SIGN["path_and_query"],
        int(REQUEST_SIGN["timestamp"]),
        REQUEST_SIGN["nonce_str"],
        REQUEST_SIGN["body"].encode(),
    )
    assert message == REQUEST_SIGN["message"].encode()


def test_raw_signature():
    key = rsa.load_private_key(RAW_SIGN["private_key_pem"])
    assert rsa.sign(key, RAW_SIGN["message"].encode()) == RAW_SIGN["expected_signature"]


def test_platform_certificate():
    certificate = read_certificate(CERTIFICATE["certificate_pem"])
    assert certificate.serial == CERTIFICATE["expected_serial_hex"]
    signature = CERTIFICATE["signature"]
    assert rsa.verify(certificate.public_key, CERTIFICATE["message"].encode(), signature)
    assert not rsa.verify(certificate.public_key, CERTIFICATE["wrong_message"].encode(), signature)


def test_public_key_mode():
    key = rsa.load_public_key(PUBLIC_KEY["public_key_pem"])
    assert rsa.verify(key, PUBLIC_KEY["message"].encode(), PUBLIC_KEY["signature"])


def test_unseal():
    plaintext = unseal(
        UNSEAL["key"].encode(),
        UNSEAL["nonce"].encode(),
        UNSEAL["associated_data"].encode(),
        UNSEAL["ciphertext"],
    )
    assert plaintext.decode() == UNSEAL["expected_plaintext"]


def test_sealed_field():
    key = rsa.load_private_key(OAEP["private_key_pem"])
    assert unseal_field(key, OAEP["ciphertext"]) == OAEP["expected_plaintext"]


def test_seal_round_trip():
    key, nonce = ROUND_TRIP["key"].encode(), ROUND_TRIP["nonce"].encode()
    about, text = ROUND_TRIP["associated_data"].encode(), ROUND_TRIP["plaintext"].encode()
    assert seal(key, nonce, about, text) == ROUND_TRIP["expected_ciphertext"]
    assert unseal(key, nonce, about, ROUND_TRIP["expected_ciphertext"]) == text
    with pytest.raises(SealBrokenError):
        unseal(
            key,
            nonce,
            ROUND_TRIP["must_fail_with"]["associated_data"].encode(),
            ROUND_TRIP["expected_ciphertext"],
        )


def test_notice_in_full():
    """The vector's key has 16 bytes, so it is opened below the configuration, which insists on 32."""
    clock = FixedClock(NOTICE["headers"]["Wechatpay-Timestamp"])
    held = {NOTICE["expected_serial_hex"]: NOTICE["certificate_pem"]}
    keys = PlatformKeys(
        config_of(PAY_SIGN["private_key_pem"]), Recorder(), clock, FixedNonces("n"), lambda: held
    )
    headers = {name.lower(): value for name, value in NOTICE["headers"].items()}
    body, api_key = NOTICE["body"].encode(), NOTICE["apiv3_key"].encode()
    notice = open_notice(keys.verifier, api_key, headers, body, clock.now())
    assert notice.resource == json.loads(NOTICE["expected_plaintext"])
    assert notice.event_type == "PAYSCORE.USER_OPEN_SERVICE"
    with pytest.raises(NoticeSignatureError):
        open_notice(keys.verifier, api_key, headers, body + b"\n", clock.now())


def test_the_notices_certificate_was_valid_then():
    certificate = read_certificate(NOTICE["certificate_pem"])
    then = datetime(2021, 6, 24, tzinfo=UTC).timestamp() * 1_000
    assert certificate.not_before < then < certificate.not_after


def test_the_trade_bills_sample_rows_are_read_exactly():
    sums = "`4.0,`0.04,`0.02,`0.00,`0.01000,`0.04,`0.02"
    text = "\r\n".join([BILL["header"], *BILL["rows"], BILL["summary_header"], sums, ""])
    bill = bill_file.parse(text.encode(), date(2019, 2, 19))
    refund, _, native, jsapi = lines = list(bill.lines)
    assert [line.kind for line in lines] == [LineKind.REFUND] * 2 + [LineKind.PAYMENT] * 2
    assert {line.status for line in lines} == {LineStatus.SUCCEEDED}
    assert [(line.amount, line.fee) for line in lines] == [(1, 0), (1, 0), (3, 1), (1, 0)]
    assert (refund.number, refund.reference) == (
        "REF4200000263201902167700963919",
        "50000709672019011908420787722",
    )
    assert (native.number, native.reference) == (
        "autotest_20190219015232_89201",
        "4200000263201902167700134902",
    )
    assert (jsapi.party, jsapi.merchant) == ("oHkLxt5HnHcBDewv4dLc8xivG1DuE", "1921000401")
    assert native.settled_at == datetime(2019, 2, 18, 17, 52, 32, tzinfo=UTC).timestamp() * 1_000
    assert bill.stated == (
        StatedTotal(LineKind.PAYMENT, None, 4),
        StatedTotal(LineKind.REFUND, None, 2),
        StatedTotal(None, 4, None, 1),
    )
