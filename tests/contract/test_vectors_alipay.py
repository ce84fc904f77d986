"""Known answers for Alipay: every vector of the channel is claimed by a test here."""

import base64
import io
import json
from datetime import date
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import pytest

from octane.channels.alipay.bill_file import parse_details
from octane.channels.alipay.config import AlipayConfig
from octane.channels.alipay.content_aes import ContentSealedError, decrypt, encrypt
from octane.channels.alipay.envelope import open_envelope
from octane.channels.alipay.exchange import Exchange
from octane.channels.alipay.keys import AlipayKeys
from octane.channels.alipay.notices import open_notice, read_payment
from octane.channels.alipay.serials import certificate_sn
from octane.channels.alipay.signing import request_message, signed
from octane.channels.port import NoticeSignatureError
from octane.kernel.clock import Instant
from octane.kernel.statement import LineKind, StatedTotal
from octane.wire import rsa
from octane.wire.http import Response
from simulators.alipay import crypto
from simulators.alipay.keys import certificate_sn as simulated_sn

VECTORS = {
    vector["id"]: vector
    for vector in json.loads(Path(__file__).with_name("vectors.json").read_text(encoding="utf-8"))["shared"]
    if vector["channel"] == "alipay"
}
CLAIMED: set[str] = set()


def claim(identifier: str) -> dict:
    CLAIMED.add(identifier)
    return VECTORS[identifier]


NOTICE = claim("alipay-notify-trade-success")
ANSWER = claim("alipay-response-sign")
AES = claim("alipay-aes-cbc")
SN = claim("alipay-cert-sn-appCertPublicKey_2021001161683774")
REQUEST = claim("alipay-request-sign-derived")
BILL = claim("alipay-trade-bill-detail-sample")


class FixedClock:
    def now(self) -> Instant:
        return Instant(1_721_761_670_000)  # 2024-07-24 03:07:50 in Beijing


def pem(base64_key: str) -> str:
    return f"-----BEGIN PUBLIC KEY-----\n{base64_key}\n-----END PUBLIC KEY-----\n"


def config(public_key: str, **more: str) -> AlipayConfig:
    return AlipayConfig(
        app_id=more.get("app_id", REQUEST["params"]["app_id"]),
        seller_id=more.get("seller_id", "2088"),
        private_key_pem=REQUEST["private_key_pem"],
        gateway_url="https://gateway.test/gateway.do",
        notify_url=REQUEST["params"]["notify_url"],
        alipay_public_key_pem=pem(public_key),
    )


def test_every_vector_is_claimed() -> None:
    assert set(VECTORS) == CLAIMED


def test_a_request_is_signed_as_the_vector_says() -> None:
    parameters = REQUEST["params"]
    assert request_message(parameters).decode() == REQUEST["message"]
    assert signed(config(ANSWER["alipay_public_key"]), parameters)["sign"] == REQUEST["expected_signature"]


class Recording:
    def __init__(self, body: bytes) -> None:
        self.body = body
        self.sent: list[tuple[str, bytes]] = []

    def send(self, method, url, headers, body, timeout_s) -> Response:
        self.sent.append((url, body))
        return Response(200, {}, self.body)


def test_the_exchange_sends_exactly_the_vectors_parameters() -> None:
    transport, ours = Recording(b"{}"), config(ANSWER["alipay_public_key"])
    exchange = Exchange(ours, transport, FixedClock(), AlipayKeys(ours, FixedClock()))
    content = json.loads(REQUEST["params"]["biz_content"])
    exchange.call("alipay.trade.create", content, REQUEST["params"]["notify_url"])
    url, body = transport.sent[0]
    sent = dict(parse_qsl(url.partition("?")[2])) | dict(parse_qsl(body.decode()))
    assert sent == {**REQUEST["params"], "sign": REQUEST["expected_signature"]}


def test_an_answer_is_verified_over_its_raw_text() -> None:
    envelope = open_envelope(ANSWER["raw_body"], "alipay.open.file.upload")
    assert (envelope.content, envelope.signature) == (ANSWER["message"], ANSWER["signature"])
    keys = AlipayKeys(config(ANSWER["alipay_public_key"]), FixedClock())
    assert keys.verifies(envelope.content.encode(), envelope.signature, "")
    assert not keys.verifies(envelope.content.encode() + b" ", envelope.signature, "")


def test_a_notice_is_believed_and_read() -> None:
    fields = NOTICE["params"]
    ours = config(NOTICE["alipay_public_key_b64"], app_id=fields["app_id"], seller_id=fields["seller_id"])
    headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    opened = open_notice(AlipayKeys(ours, FixedClock()), headers, urlencode(fields).encode())
    proof = read_payment(ours, opened)
    assert proof is not None
    assert (proof.out_trade_no, proof.transaction_id) == (fields["out_trade_no"], fields["trade_no"])
    assert (proof.amount, proof.nonce, proof.payer_id) == (10, fields["notify_id"], fields["buyer_id"])
    assert proof.paid_at == 1_565_855_784_000
    changed = {**fields, "total_amount": "0.11"}
    with pytest.raises(NoticeSignatureError):
        open_notice(AlipayKeys(ours, FixedClock()), headers, urlencode(changed).encode())


def test_a_certificate_is_named_as_the_vector_says() -> None:
    assert certificate_sn(SN["certificate_pem"]) == SN["expected_sn"]
    assert simulated_sn(SN["certificate_pem"]) == SN["expected_sn"]


def test_content_encryption() -> None:
    assert encrypt(AES["key_b64"], AES["plaintext"]) == AES["expected_ciphertext"]
    assert decrypt(AES["key_b64"], AES["expected_ciphertext"]) == AES["plaintext"]


@pytest.mark.parametrize(
    ("key", "ciphertext"),
    [
        ("", "ILpoMowjIQjfYMR847rnFQ=="),
        ("short", "ILpoMowjIQjfYMR847rnFQ=="),
        ("AAAAAAAAAAAAAAAAAAAAAA==", "ILpoMowjIQjfYMR847rnFQ=="),
        ("aa4BtZ4tspm2wnXLb1ThQA==", ""),
        ("aa4BtZ4tspm2wnXLb1ThQA==", "ILpoMowjIQ=="),
        ("aa4BtZ4tspm2wnXLb1ThQA==", "not base64!"),
    ],
)
def test_content_that_does_not_open(key: str, ciphertext: str) -> None:
    with pytest.raises(ContentSealedError):
        decrypt(key, ciphertext)


def test_the_bill_is_read_exactly() -> None:
    content = base64.b64decode(BILL["gbk_base64"])
    assert content == BILL["text"].encode("gbk")
    bill = parse_details(lambda: io.BytesIO(content), date(2019, 9, 16), "2088021109625633")
    payment, refund = bill.lines
    kinds = [line.kind for line in (payment, refund)]
    assert kinds.count(LineKind.PAYMENT) == BILL["expected"]["trades"]
    assert kinds.count(LineKind.REFUND) == BILL["expected"]["refunds"]
    assert payment.amount - refund.amount == BILL["expected"]["net_fen"]
    trade = "2019091622001458860515315453"
    assert (payment.reference, payment.number, payment.amount) == (trade, "service_1568601259302", 1)
    assert (refund.number, refund.amount, refund.fee) == ("re_test_1568602607356", 1, 0)
    assert bill.stated == (StatedTotal(LineKind.PAYMENT, 1, 1), StatedTotal(LineKind.REFUND, 1, 1))


def test_the_simulator_agrees_with_the_request_and_the_notice() -> None:
    key = rsa.load_private_key(REQUEST["private_key_pem"])
    message = crypto.pairs(REQUEST["params"], "sign").encode()
    assert crypto.sign(key, message) == REQUEST["expected_signature"]
    assert crypto.pairs(NOTICE["params"], "sign", "sign_type") == NOTICE["message"]
    public = rsa.load_public_key(pem(NOTICE["alipay_public_key_b64"]))
    assert crypto.verifies(public, NOTICE["message"].encode(), NOTICE["params"]["sign"])
