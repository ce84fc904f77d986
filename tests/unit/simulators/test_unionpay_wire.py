"""UnionPay's company in process with a virtual clock: what it verifies, answers, posts and keeps."""

import base64
import hashlib
import io
import zipfile
import zlib
from datetime import UTC, datetime
from random import SystemRandom
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificate

from simulators.keys import load_keys, new_keys, private_key, save_keys
from simulators.misbehaviour import ANSWERING, WRITING, parse_rule
from simulators.protocol import Call, Reply
from simulators.unionpay.authority import unionpay_secret
from simulators.unionpay.company import RETRY_MS, UnionPay

START = 1_795_000_000_000
CUT = 1_795_014_000_000
KEYS = new_keys(datetime.fromtimestamp(START // 1000, UTC))
MINE = KEYS.unionpay
APP, QUERY, BACK = (f"/gateway/api/{name}.do" for name in ("appTransReq", "queryTrans", "backTransReq"))
TIME = "20261118190640"
FRAME = {
    "version": "5.1.0",
    "encoding": "UTF-8",
    "signMethod": "01",
    "certId": MINE.merchant_cert_id,
    "merId": MINE.mer_id,
    "txnTime": TIME,
    "accessType": "0",
}
PAYMENT = {
    **FRAME,
    "txnType": "01",
    "txnSubType": "01",
    "bizType": "000201",
    "channelType": "08",
    "orderId": "ORDER1P01",
    "txnAmt": "5000",
    "currencyCode": "156",
    "payTimeout": "20261118192140",
    "backUrl": "http://127.0.0.1/n",
}
QUESTION = {**FRAME, "txnType": "00", "txnSubType": "00", "bizType": "000000", "orderId": "ORDER1P01"}
FILE = {
    **FRAME,
    "txnType": "76",
    "txnSubType": "01",
    "bizType": "000000",
    "settleDate": "1118",
    "fileType": "00",
}


class Clock:
    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> int:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def company(clock: Clock) -> UnionPay:
    return UnionPay(KEYS, clock, SystemRandom())


def digest(fields: dict[str, str]) -> bytes:
    joined = "&".join(f"{name}={fields[name]}" for name in sorted(fields) if name != "signature")
    return hashlib.sha256(joined.encode()).hexdigest().encode()


def signed(fields: dict[str, str], pem: str = MINE.merchant_private_key_pem) -> bytes:
    signature = private_key(pem).sign(digest(fields), PKCS1v15(), SHA256())
    return urlencode({**fields, "signature": base64.b64encode(signature).decode()}).encode()


def send(company: UnionPay, path: str, body: bytes) -> Reply:
    call = Call("POST", path, {}, body)
    subject = company.subject(call)
    assert subject is not None
    return company.handle(call, subject, company.rules.take(subject.operation, subject.keys, ANSWERING))


def genuine(fields: dict[str, str]) -> bool:
    key = load_pem_x509_certificate(fields["signPubKeyCert"].encode()).public_key()
    assert isinstance(key, RSAPublicKey)
    try:
        key.verify(base64.b64decode(fields["signature"]), digest(fields), PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def ask(company: UnionPay, path: str, fields: dict[str, str]) -> dict[str, str]:
    """One signed call; the answer's fields, which must be signed too."""
    reply = send(company, path, signed(fields))
    assert reply.status == 200
    answer = dict(pair.split("=", 1) for pair in reply.body.decode().split("&"))
    assert genuine(answer)
    return answer


def paid(company: UnionPay) -> Any:
    tn = ask(company, APP, PAYMENT)["tn"]
    view = company.command("POST /cashier/pay", {"tn": tn})
    assert view is not None
    return view


def back(query_id: str, fen: int, kind: str = "04", number: str = "REFUND01") -> dict[str, str]:
    more = {"orderId": number, "origQryId": query_id, "txnAmt": str(fen), "backUrl": "http://127.0.0.1/r"}
    return {**FRAME, "txnType": kind, "txnSubType": "00", "bizType": "000201", "channelType": "08", **more}


def test_a_payment_from_tn_to_notice(company: UnionPay) -> None:
    assert ask(company, QUERY, QUESTION)["respCode"] == "34"
    tn = ask(company, APP, PAYMENT)["tn"]
    assert ask(company, APP, PAYMENT)["respCode"] == "12"
    assert ask(company, QUERY, QUESTION)["origRespCode"] == "05"
    company.command("POST /cashier/pay", {"tn": tn})
    answer = ask(company, QUERY, QUESTION)
    assert (answer["respCode"], answer["origRespCode"], answer["txnAmt"]) == ("00", "00", "5000")
    [notice] = company.take_notices()
    letter = company.letter(notice, {})
    told = dict(parse_qsl(letter.body.decode(), strict_parsing=True))
    assert genuine(told)
    assert (told["orderId"], told["respCode"], told["queryId"]) == ("ORDER1P01", "00", answer["queryId"])
    assert "origRespCode" not in told
    assert company.books()["totals"]["captured_fen"] == 5_000


def test_answers_are_raw_and_carry_a_certificate_with_cr_lf(company: UnionPay) -> None:
    reply = send(company, APP, signed(PAYMENT))
    assert b"-----BEGIN CERTIFICATE-----\r\n" in reply.body
    assert b"%" not in reply.body


@pytest.mark.parametrize("name", sorted(set(PAYMENT) - {"merId", "certId"}))
def test_a_missing_field_is_refused(company: UnionPay, name: str) -> None:
    fields = {given: value for given, value in PAYMENT.items() if given != name}
    assert ask(company, APP, fields)["respCode"] in ("10", "13")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"txnAmt": "0"}, "10"),
        ({"txnAmt": "50.00"}, "10"),
        ({"orderId": "short"}, "10"),
        ({"orderId": "has-a-dash-in-it"}, "10"),
        ({"txnTime": "2026"}, "10"),
        ({"payTimeout": "20261118190000"}, "10"),
        ({"encoding": "GBK"}, "10"),
        ({"version": "5.0.0"}, "10"),
        ({"currencyCode": "840"}, "10"),
        ({"bizType": "000301"}, "10"),
        ({"backUrl": "ftp://x"}, "10"),
        ({"txnType": "31"}, "10"),
        ({"accessType": "2"}, "13"),
        ({"merId": "777290000000000"}, "31"),
        ({"certId": "1"}, "11"),
        ({"signMethod": "11"}, "11"),
    ],
    ids=str,
)
def test_a_wrong_field_is_refused(company: UnionPay, changes: dict[str, str], code: str) -> None:
    assert ask(company, APP, {**PAYMENT, **changes})["respCode"] == code
    assert company.books()["trades"] == []


def test_signatures_of_others_are_refused(company: UnionPay) -> None:
    body = signed(PAYMENT, MINE.stranger_private_key_pem)
    assert b"respCode=11" in send(company, APP, body).body
    assert b"respCode=11" in send(company, APP, signed(PAYMENT) + b"&extra=1").body
    for body in (b"", b"nonsense", signed(PAYMENT) + b"&txnAmt=1"):
        assert b"respCode=1" in send(company, APP, body).body
    assert company.subject(Call("GET", APP, {}, b"")) is None
    assert company.subject(Call("POST", "/elsewhere", {}, b"")) is None


def test_a_platform_merchant_names_its_own_sub_merchant(company: UnionPay) -> None:
    named = {"accessType": "2", "subMerId": MINE.sub_mer_id, "subMerName": "站", "subMerAbbr": "站"}
    assert ask(company, APP, {**PAYMENT, **named})["respCode"] == "00"
    other = {**named, "subMerId": "898310099999999", "orderId": "ORDER2P01"}
    assert ask(company, APP, {**PAYMENT, **other})["respCode"] == "32"


def test_a_refund_and_a_void(company: UnionPay, clock: Clock) -> None:
    query_id = paid(company)["queryId"]
    company.take_notices()
    assert ask(company, BACK, back(query_id, 5_001))["respCode"] == "36"
    assert ask(company, BACK, back(query_id, 5_000, "31"))["respCode"] == "00"
    assert ask(company, BACK, back(query_id, 5_000))["respCode"] == "12"
    question = {**QUESTION, "orderId": "REFUND01"}
    assert ask(company, QUERY, question)["origRespCode"] == "05"
    clock.at += 300
    answer = ask(company, QUERY, question)
    assert (answer["txnType"], answer["origRespCode"], answer["origQryId"]) == ("31", "00", query_id)
    [notice] = company.take_notices()
    assert notice.operation == "refund_notice"
    assert company.books()["totals"]["refunded_fen"] == 5_000


def rule(company: UnionPay, operation: str, effect: str, **more: Any) -> None:
    company.rules.add(parse_rule({"operation": operation, "effect": effect, **more}))


def test_misbehaviour_of_answers(company: UnionPay) -> None:
    rule(company, "prepare", "status", status=503, count=1)
    assert send(company, APP, signed(PAYMENT)).status == 503
    rule(company, "prepare", "refuse", code="33", count=1)
    assert ask(company, APP, PAYMENT)["respCode"] == "33"
    rule(company, "prepare", "wrong_signature", count=1)
    forged = send(company, APP, signed(PAYMENT)).body
    assert not genuine(dict(pair.split("=", 1) for pair in forged.decode().split("&")))
    assert len(company.books()["trades"]) == 1
    rule(company, "query", "status", status=500, after=True, key="ORDER1P01")
    assert send(company, QUERY, signed(QUESTION)).status == 500


def test_misbehaviour_of_refunds(company: UnionPay, clock: Clock) -> None:
    query_id = paid(company)["queryId"]
    rule(company, "refund", "stay", key=query_id, count=1)
    assert ask(company, BACK, back(query_id, 100))["respCode"] == "00"
    rule(company, "refund", "fail", code="64", count=1)
    assert ask(company, BACK, back(query_id, 100, number="REFUND02"))["respCode"] == "00"
    clock.at += 10**6
    assert ask(company, QUERY, {**QUESTION, "orderId": "REFUND01"})["origRespCode"] == "05"
    assert ask(company, QUERY, {**QUESTION, "orderId": "REFUND02"})["origRespCode"] == "64"
    company.command("POST /refunds/end", {"order_id": "REFUND01"})
    assert ask(company, QUERY, {**QUESTION, "orderId": "REFUND01"})["origRespCode"] == "00"


def test_misbehaviour_of_letters(company: UnionPay) -> None:
    paid(company)
    [notice] = company.take_notices()
    rule(company, "payment_notice", "wrong_amount", amount_fen=1, count=1)
    rule(company, "payment_notice", "wrong_signature", count=1)
    faults = company.rules.take(notice.operation, notice.keys, WRITING)
    told = dict(parse_qsl(company.letter(notice, faults).body.decode()))
    assert told["txnAmt"] == "1"
    assert not genuine(told)


def test_only_http_200_ends_a_delivery(company: UnionPay) -> None:
    assert company.accepted(200, b"anything")
    assert not any(company.accepted(status, b"ok") for status in (204, 302, 400, 500))
    assert [wait // 60_000 for wait in RETRY_MS] == [1, 2, 4, 5]


def test_what_an_unpaid_tn_says_is_a_habit(company: UnionPay, clock: Clock) -> None:
    tn = ask(company, APP, PAYMENT)["tn"]
    company.command("POST /cashier/fail", {"tn": tn, "code": "64"})
    assert ask(company, QUERY, QUESTION)["origRespCode"] == "64"
    company.reset()
    ask(company, APP, PAYMENT)
    company.command("POST /settings", {"unpaid": "34"})
    assert ask(company, QUERY, QUESTION)["respCode"] == "34"
    company.command("POST /settings", {"unpaid": "05"})
    clock.at += 900_000
    assert ask(company, QUERY, QUESTION)["origRespCode"] == "01"


def test_the_file_of_a_day(company: UnionPay, clock: Clock) -> None:
    paid(company)
    assert ask(company, "/", FILE)["respCode"] == "98"
    clock.at = CUT
    answer = ask(company, "/", FILE)
    with zipfile.ZipFile(io.BytesIO(zlib.decompress(base64.b64decode(answer["fileContent"])))) as opened:
        [name] = opened.namelist()
        text = opened.read(name)
    assert name == f"INN26111888ZM_{MINE.mer_id}"
    assert len(text) == 609
    assert text[:3] == b"S22"
    assert "加油卡充值".encode("gbk") in text
    assert ask(company, "/", {**FILE, "settleDate": "1117"})["respCode"] == "98"
    assert ask(company, "/", {**FILE, "settleDate": "1399"})["respCode"] == "10"
    company.command("POST /settings", {"files": "now"})
    clock.at = START
    assert ask(company, "/", FILE)["respCode"] == "00"


def test_wrong_commands(company: UnionPay) -> None:
    for name, order in {
        "POST /cashier/pay": {"tn": "1", "order_id": "2"},
        "POST /cashier/fail": {"tn": "1", "code": "long"},
        "POST /settings": {"unpaid": "01"},
    }.items():
        with pytest.raises(ValueError, match=r"."):
            company.command(name, order)
    assert company.command("POST /elsewhere", {}) is None


def test_a_reset_keeps_keys_and_habits(company: UnionPay) -> None:
    company.command("POST /settings", {"refund_ms": 7, "unpaid": "34"})
    paid(company)
    company.reset()
    assert company.command("GET /settings", {}) == {"refund_ms": 7, "unpaid": "34", "files": "cut"}
    assert company.books()["trades"] == []
    assert company.command("GET /keys", {}) == unionpay_secret(MINE)


def test_keys_survive_a_restart(tmp_path: Any) -> None:
    save_keys(tmp_path / "keys.json", KEYS)
    assert load_keys(tmp_path / "keys.json") == KEYS
