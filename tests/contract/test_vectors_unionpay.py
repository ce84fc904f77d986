"""Known answers for UnionPay ACP 5.1.0: every vector of the channel is claimed by a test here.

The two captured messages of the test gateway are read as our client reads them, down to the authorities that
issued UnionPay's certificate, at the time at which they were sent.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest

from octane.channels.port import NoticeSignatureError, PaymentProof, Trade, Unknown
from octane.channels.unionpay.bill_file import LENGTHS, RECORD_BYTES, split_record
from octane.channels.unionpay.certificates import CertificateRefusedError, SignerCertificates
from octane.channels.unionpay.client import UnionPay
from octane.channels.unionpay.config import UNIONPAY_NAME, UnionPayConfig
from octane.channels.unionpay.exchange import signed
from octane.channels.unionpay.messages import signing_message
from octane.kernel.clock import Instant
from octane.wire import rsa
from octane.wire.http import Response
from simulators.unionpay import signer as simulated
from simulators.unionpay.clearing import WIDTHS

HERE = Path(__file__).parent
VECTORS = {
    vector["id"]: vector
    for name in ("vectors.json", "vectors_unionpay.json")
    for vector in json.loads((HERE / name).read_text(encoding="utf-8"))["shared"]
    if vector["channel"] == "unionpay_acp510"
}
CLAIMED: set[str] = set()


def claim(identifier: str) -> dict:
    CLAIMED.add(identifier)
    return VECTORS[identifier]


SIGN = claim("unionpay-sign-derived-front")
QUERY = claim("unionpay-captured-query")
NOTICE = claim("unionpay-captured-consume-notify")
AUTHORITIES = claim("unionpay-test-authorities")
LAYOUT = claim("unionpay-zm-layout")


def test_every_vector_is_claimed():
    assert set(VECTORS) == CLAIMED


class FixedClock:
    def __init__(self, moment: datetime) -> None:
        self._now = Instant(round(moment.timestamp()) * 1_000)

    def now(self) -> Instant:
        return self._now


class Answering:
    """A transport with one answer for everything."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def send(self, method, url, headers, body, timeout_s):
        return Response(200, {}, self._body)


SENT = {
    QUERY["id"]: datetime(2024, 1, 5, 6, 50, 46, tzinfo=UTC),
    NOTICE["id"]: datetime(2022, 9, 8, 5, 22, 6, tzinfo=UTC),
}
EXPIRED = datetime(2025, 8, 1, tzinfo=UTC)


def config_of(**changes) -> UnionPayConfig:
    fields = {
        "mer_id": QUERY["params"]["merId"],
        "cert_id": SIGN["params"]["certId"],
        "private_key_pem": SIGN["private_key_pem"],
        "root_certificates": (AUTHORITIES["root_pem"],),
        "intermediate_certificates": (AUTHORITIES["intermediate_pem"],),
        "base_url": "https://gateway.test",
        "file_url": "https://files.test",
        "payment_notify_url": "https://our.test/p",
        "refund_notify_url": "https://our.test/r",
    }
    return UnionPayConfig(**{**fields, **changes})


def whole(vector: dict) -> dict[str, str]:
    """The captured message with its signature, which one capture keeps apart."""
    return {**vector["params"], "signature": vector["signature"]}


def certificates(moment: datetime, **changes) -> SignerCertificates:
    config = config_of(**changes)
    return SignerCertificates(
        config.root_certificates, config.intermediate_certificates, config.signer_names, FixedClock(moment)
    )


def test_a_request_is_signed_as_documented():
    params = {name: value for name, value in SIGN["params"].items() if name != "certId"}
    assert signing_message(SIGN["params"]) == SIGN["sha256_hex"]
    message = signed(config_of(mer_id=SIGN["params"]["merId"]), params)
    assert message == {**SIGN["params"], "signature": SIGN["expected_signature"]}


def test_the_simulator_signs_as_documented():
    assert simulated.digest(SIGN["params"]).decode() == SIGN["sha256_hex"]
    assert simulated.sign(SIGN["private_key_pem"], SIGN["params"]) == SIGN["expected_signature"]


captured = pytest.mark.parametrize("vector", [QUERY, NOTICE], ids=lambda vector: vector["id"])


@captured
def test_a_captured_message_verifies_under_its_certificate_and_the_path_above_it(vector):
    message = whole(vector)
    assert signing_message(message) == vector["sha256_hex"]
    assert simulated.digest(message).decode() == vector["sha256_hex"]
    key = certificates(SENT[vector["id"]]).key_of(message["signPubKeyCert"])
    assert rsa.verify(key, signing_message(message).encode(), message["signature"])
    changed = signing_message({**message, "txnAmt": "2"})
    assert not rsa.verify(key, changed.encode(), message["signature"])


@captured
@pytest.mark.parametrize(
    "changes",
    [
        {"intermediate_certificates": ()},
        {"intermediate_certificates": (AUTHORITIES["root_pem"],)},
        {"root_certificates": (AUTHORITIES["intermediate_pem"],), "intermediate_certificates": ()},
        {"signer_names": ("00040000:SIGN",)},
        {"signer_names": (UNIONPAY_NAME[:-1],)},
    ],
    ids=[
        "no intermediate",
        "root twice",
        "the intermediate trusted as a root",
        "test name",
        "part of a name",
    ],
)
def test_one_part_of_the_path_taken_away(vector, changes):
    trusted = certificates(SENT[vector["id"]], **changes)
    if changes.get("root_certificates"):
        assert trusted.key_of(vector["params"]["signPubKeyCert"])
        return
    with pytest.raises(CertificateRefusedError):
        trusted.key_of(vector["params"]["signPubKeyCert"])


@captured
def test_a_captured_certificate_after_its_end(vector):
    with pytest.raises(CertificateRefusedError):
        certificates(EXPIRED).key_of(vector["params"]["signPubKeyCert"])


def test_the_captured_query_is_a_proof_of_payment():
    """The raw answer goes through the client: split, never decoded, and its CR LF line ends kept."""
    body = "&".join(f"{name}={value}" for name, value in whole(QUERY).items()).encode()
    channel = UnionPay(config_of(), Answering(body), FixedClock(SENT[QUERY["id"]]))
    opened = FixedClock(SENT[QUERY["id"]]).now()
    trade = Trade("pay20240105145046", opened, Instant(opened + 900_000))
    assert channel.query(trade) == PaymentProof(
        "pay20240105145046", "442401051450467846498", 1, opened, "", "query"
    )
    assert isinstance(channel.query(trade._replace(out_trade_no="pay20240105145047")), Unknown)


def test_the_captured_notice_is_a_proof_of_payment():
    body = urlencode(whole(NOTICE)).encode()
    channel = UnionPay(config_of(), Answering(b""), FixedClock(SENT[NOTICE["id"]]))
    proof = channel.read_payment_notice({}, body)
    assert proof == PaymentProof(
        "yansongda20220908132206",
        "782209081322060674028",
        1,
        FixedClock(SENT[NOTICE["id"]]).now(),
        "",
        "notice",
        "782209081322060674028",
    )
    late = UnionPay(config_of(), Answering(b""), FixedClock(EXPIRED))
    with pytest.raises(NoticeSignatureError):
        late.read_payment_notice({}, body)


def test_the_layout_of_a_zm_record():
    lengths = LAYOUT["lengths"]
    assert tuple(lengths) == LENGTHS == WIDTHS
    assert LAYOUT["record_bytes"] == RECORD_BYTES
    cells = [str(place % 10) * length for place, length in enumerate(lengths)]
    assert split_record(" ".join(cells).encode("gbk")) == cells
