"""Callbacks: each starts from a message that verifies, and one thing is broken at a time."""

import base64
import json
from dataclasses import replace

import pytest

from octane.channels.port import (
    NoticeForeignError,
    NoticeRefusedError,
    NoticeSignatureError,
    NoticeStaleError,
    NoticeUnreadableError,
    PaymentProof,
    RefundReport,
    RefundState,
)
from octane.kernel.clock import Instant
from octane.kernel.money import Fen

NO = "OABCDEFGHIJKLMNOPQRSTUVWXYP01"
REFUND_NO = "OABCDEFGHIJKLMNOPQRSTUVWXYF01"


def test_a_payment_notice_is_proof(channel, platform, trade):
    body = platform.notice_body(trade)
    assert channel.read_payment_notice(platform.headers(body, nonce="n-7"), body) == PaymentProof(
        NO, "4200000000000001", Fen(10_000), Instant(1_795_004_800_000), "o-payer", "notice", "n-7"
    )


def test_a_partner_payment_notice_is_proof(partner, platform, partner_trade):
    body = platform.notice_body(partner_trade)
    assert partner.read_payment_notice(platform.headers(body), body).payer_id == "o-payer"


def test_both_verifiers_read_notices(channel, platform, successor, trade):
    body = platform.notice_body(trade)
    assert channel.read_payment_notice(platform.headers(body), body).out_trade_no == NO
    assert channel.read_payment_notice(successor.headers(body), body).out_trade_no == NO


def test_a_flipped_signature(channel, platform, trade):
    body = platform.notice_body(trade)
    headers = platform.headers(body)
    raw = bytearray(base64.b64decode(headers["wechatpay-signature"]))
    raw[7] ^= 1
    headers["wechatpay-signature"] = base64.b64encode(raw).decode()
    with pytest.raises(NoticeSignatureError):
        channel.read_payment_notice(headers, body)


def test_a_flipped_body(channel, platform, trade):
    body = platform.notice_body(trade)
    with pytest.raises(NoticeSignatureError):
        channel.read_payment_notice(platform.headers(body), body.replace(b"n-1", b"n-2"))


def test_reserialised_json_is_another_body(channel, platform, trade):
    body = platform.notice_body(trade)
    again = json.dumps(json.loads(body), separators=(",", ":")).encode()
    with pytest.raises(NoticeSignatureError):
        channel.read_payment_notice(platform.headers(body), again)


@pytest.mark.parametrize("age", [300, 301, 86_400, -300, -301])
def test_a_notice_300_seconds_away_is_stale(channel, platform, clock, trade, age):
    body = platform.notice_body(trade)
    with pytest.raises(NoticeStaleError):
        channel.read_payment_notice(platform.headers(body, clock.now() // 1_000 - age), body)


@pytest.mark.parametrize("age", [299, -299, 0])
def test_a_notice_within_300_seconds_is_fresh(channel, platform, clock, trade, age):
    body = platform.notice_body(trade)
    assert channel.read_payment_notice(platform.headers(body, clock.now() // 1_000 - age), body)


@pytest.mark.parametrize("name", ["timestamp", "nonce", "serial", "signature"])
def test_a_missing_header(channel, platform, trade, name):
    body = platform.notice_body(trade)
    headers = platform.headers(body)
    del headers[f"wechatpay-{name}"]
    with pytest.raises(NoticeSignatureError):
        channel.read_payment_notice(headers, body)


@pytest.mark.parametrize("timestamp", ["", "now", "-1", "1e9", " 1795000000", "١٧٩٥", "9" * 30])
def test_a_timestamp_that_is_no_number(channel, platform, trade, timestamp):
    body = platform.notice_body(trade)
    with pytest.raises(NoticeSignatureError):
        channel.read_payment_notice({**platform.headers(body), "wechatpay-timestamp": timestamp}, body)


@pytest.mark.parametrize("serial", ["", "7777", "PUB_KEY_ID_0112345", "PUB_KEY_ID_9"])
def test_another_serial(channel, platform, trade, serial):
    body = platform.notice_body(trade)
    with pytest.raises(NoticeSignatureError):
        channel.read_payment_notice({**platform.headers(body), "wechatpay-serial": serial}, body)


def test_a_probe_is_refused(channel, platform, trade):
    body = platform.notice_body(trade)
    headers = platform.headers(body)
    headers["wechatpay-signature"] = "WECHATPAY/SIGNTEST/" + headers["wechatpay-signature"]
    with pytest.raises(NoticeSignatureError) as refused:
        channel.read_payment_notice(headers, body)
    assert 400 <= refused.value.status < 500


def signed(platform, body: bytes):
    return platform.headers(body), body


@pytest.mark.parametrize("body", [b"", b"not json", b"[]", b"{}", b'{"resource":"x"}', b"\xff\xfe"])
def test_a_signed_body_that_is_no_notice(channel, platform, body):
    with pytest.raises(NoticeUnreadableError):
        channel.read_payment_notice(*signed(platform, body))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ciphertext", "AAAA"),
        ("ciphertext", "@@"),
        ("ciphertext", None),
        ("nonce", "other-12byte"),
        ("nonce", "short"),
        ("nonce", ""),
        ("associated_data", "refund"),
        ("algorithm", "AES-128-ECB"),
    ],
)
def test_a_seal_that_does_not_open(channel, platform, trade, name, value):
    envelope = json.loads(platform.notice_body(trade))
    envelope["resource"][name] = value
    with pytest.raises(NoticeUnreadableError):
        channel.read_payment_notice(*signed(platform, json.dumps(envelope).encode()))


def test_another_merchants_api_key(make_channel, config, platform, trade):
    channel = make_channel(replace(config, api_v3_key="f" * 32))
    with pytest.raises(NoticeUnreadableError):
        channel.read_payment_notice(*signed(platform, platform.notice_body(trade)))


@pytest.mark.parametrize("plaintext", [b"no json", b"[]", b"\xff", b"3"])
def test_a_sealed_text_that_is_no_object(channel, platform, plaintext):
    envelope = {"event_type": "TRANSACTION.SUCCESS", "resource": platform.sealed(plaintext)}
    with pytest.raises(NoticeUnreadableError):
        channel.read_payment_notice(*signed(platform, json.dumps(envelope).encode()))


@pytest.mark.parametrize(
    "change",
    [
        {"mchid": "1900000002"},
        {"mchid": None},
        {"appid": "wx-other"},
        {"trade_type": "APP"},
        {"trade_type": None},
        {"sp_mchid": "1900000002"},
    ],
    ids=str,
)
def test_a_notice_for_someone_else(channel, platform, trade, change):
    with pytest.raises(NoticeForeignError):
        channel.read_payment_notice(*signed(platform, platform.notice_body({**trade, **change})))


@pytest.mark.parametrize(
    "change", [{"sub_mchid": "1900000098"}, {"sp_mchid": "19"}, {"sp_appid": "wx"}], ids=str
)
def test_a_partner_notice_for_someone_else(partner, platform, partner_trade, change):
    with pytest.raises(NoticeForeignError):
        partner.read_payment_notice(*signed(platform, platform.notice_body({**partner_trade, **change})))


def test_a_direct_notice_is_foreign_to_a_sub_merchant(partner, platform, trade):
    named = {**trade, "sub_mchid": "1900000099"}
    with pytest.raises(NoticeForeignError):
        partner.read_payment_notice(*signed(platform, platform.notice_body(named)))


@pytest.mark.parametrize(
    "change",
    [
        {"trade_state": "NOTPAY"},
        {"trade_state": "NEW"},
        {"out_trade_no": ""},
        {"transaction_id": 7},
        {"amount": {"total": 10**14}},
        {"success_time": None},
    ],
    ids=str,
)
def test_a_payment_notice_that_is_not_whole(channel, platform, trade, change):
    with pytest.raises(NoticeUnreadableError):
        channel.read_payment_notice(*signed(platform, platform.notice_body({**trade, **change})))


def refund_resource(status: str = "SUCCESS", **changes):
    fields = {
        "mchid": "1900000001",
        "out_trade_no": NO,
        "transaction_id": "4200000000000001",
        "out_refund_no": REFUND_NO,
        "refund_id": "50300000000001",
        "refund_status": status,
        "amount": {"total": 10_000, "refund": 2_500, "payer_total": 9_500, "payer_refund": 2_375},
    }
    if status == "SUCCESS":
        fields["success_time"] = "2026-11-18T20:26:40+08:00"
    return {**fields, **changes}


def test_a_refund_notice(channel, platform):
    body = platform.notice_body(refund_resource(), "REFUND.SUCCESS")
    assert channel.read_refund_notice(platform.headers(body), body) == RefundReport(
        REFUND_NO,
        NO,
        RefundState.SUCCEEDED,
        Fen(2_500),
        "50300000000001",
        Instant(1_795_004_800_000),
        "notice",
    )


@pytest.mark.parametrize("status", ["ABNORMAL", "CLOSED"])
def test_a_refund_that_failed(channel, platform, status):
    body = platform.notice_body(refund_resource(status), f"REFUND.{status}")
    report = channel.read_refund_notice(platform.headers(body), body)
    assert (report.state, report.finished_at) == (RefundState(status), None)


@pytest.mark.parametrize(
    ("event", "resource"),
    [
        ("REFUND.CLOSED", refund_resource("SUCCESS")),
        ("TRANSACTION.SUCCESS", refund_resource()),
        ("REFUND.NEW", refund_resource("NEW")),
        ("REFUND.", refund_resource("")),
        ("REFUND.SUCCESS", refund_resource(refund_id="")),
        ("REFUND.SUCCESS", refund_resource(mchid="1900000002")),
        ("REFUND.SUCCESS", refund_resource(sp_mchid="1900000002")),
    ],
)
def test_a_refund_notice_that_does_not_agree_with_itself_or_us(channel, platform, event, resource):
    body = platform.notice_body(resource, event)
    with pytest.raises(NoticeRefusedError):
        channel.read_refund_notice(platform.headers(body), body)


def test_the_two_kinds_are_not_mistaken_for_each_other(channel, platform, trade):
    with pytest.raises(NoticeUnreadableError):
        channel.read_refund_notice(*signed(platform, platform.notice_body(trade)))
    with pytest.raises(NoticeUnreadableError):
        channel.read_payment_notice(
            *signed(platform, platform.notice_body(refund_resource(), "REFUND.SUCCESS"))
        )
