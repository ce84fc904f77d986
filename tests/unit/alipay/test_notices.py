"""Callbacks: only what Alipay signed, about our own application and account, is believed."""

from dataclasses import replace
from urllib.parse import urlencode

import pytest

from octane.channels.port import (
    NoticeForeignError,
    NoticeSignatureError,
    NoticeUnreadableError,
    PaymentProof,
)
from octane.kernel.clock import Instant
from octane.kernel.money import Fen

FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
GBK_FORM = {"content-type": "application/x-www-form-urlencoded; charset=GBK"}
NO = "OABCDEFGHIJKLMNOPQRSTUVWXYP01"


@pytest.mark.parametrize("kept", [False, True], ids=["sign_type dropped", "sign_type kept"])
def test_a_payment_is_proved(channel, platform, notice, kept):
    proof = channel.read_payment_notice(FORM, platform.notice(notice, kept=kept))
    assert proof == PaymentProof(
        NO,
        "2026111822001400000000000001",
        Fen(8_888),
        Instant(1_795_004_800_000),
        "074a1CcTG1Lelx",
        "notice",
        "2026111800222202640000001",
    )


@pytest.mark.parametrize("status", ["TRADE_SUCCESS", "TRADE_FINISHED"])
def test_both_kinds_of_success_prove_it(channel, platform, notice, status):
    assert channel.read_payment_notice(FORM, platform.notice({**notice, "trade_status": status}))


@pytest.mark.parametrize(
    "change",
    [
        {"trade_status": "WAIT_BUYER_PAY"},
        {"trade_status": "TRADE_CLOSED"},
        {"gmt_refund": "2026-11-18 21:00:00.123"},
        {"refund_fee": "1.00"},
        {"trade_status": "TRADE_CLOSED", "gmt_refund": "2026-11-18 21:00:00"},
        {"notify_type": "dut_user_sign"},
    ],
)
def test_a_genuine_notice_of_anything_else_is_no_payment(channel, platform, notice, change):
    assert channel.read_payment_notice(FORM, platform.notice({**notice, **change})) is None


def test_a_refund_is_never_told_by_a_notice(channel, platform, notice, stranger):
    told = {**notice, "gmt_refund": "2026-11-18 21:00:00", "refund_fee": "1.00"}
    assert channel.read_refund_notice(FORM, platform.notice(told)) is None
    with pytest.raises(NoticeSignatureError):
        channel.read_refund_notice(FORM, stranger.notice(told))


@pytest.mark.parametrize(
    "change", [{"app_id": "2021000000000000"}, {"seller_id": "2088000000000000"}, {"app_id": ""}]
)
def test_another_application_or_seller_is_foreign(channel, platform, notice, change):
    with pytest.raises(NoticeForeignError):
        channel.read_payment_notice(FORM, platform.notice({**notice, **change}))


@pytest.mark.parametrize(
    "change",
    [
        {"trade_status": "TRADE_NEW"},
        {"total_amount": "0.00"},
        {"total_amount": "88.881"},
        {"total_amount": ""},
        {"gmt_payment": ""},
        {"gmt_payment": "2026-11-18T20:26:40Z"},
        {"notify_id": ""},
        {"trade_no": ""},
        {"out_trade_no": ""},
    ],
)
def test_a_genuine_notice_that_lacks_something_is_unreadable(channel, platform, notice, change):
    with pytest.raises(NoticeUnreadableError):
        channel.read_payment_notice(FORM, platform.notice({**notice, **change}))


def _replace(old, new):
    return lambda body: body.replace(old, new, 1)


@pytest.mark.parametrize(
    "broken",
    [
        _replace(b"total_amount=88.88", b"total_amount=88.89"),
        _replace(b"out_trade_no=O", b"out_trade_no=P"),
        _replace(b"sign=", b"sign=A"),
        _replace(b"&sign_type=RSA2", b""),
        _replace(b"&sign_type=RSA2", b"&sign_type=RSA"),
        _replace(b"&sign=", b"&unsign="),
        lambda body: body[: body.index(b"&sign=")] + b"&sign=",
        lambda body: body + b"&extra=1",
        _replace(b"%E5", b"%E6"),
    ],
)
def test_a_changed_notice_is_not_believed(channel, platform, notice, broken):
    good = platform.notice(notice)
    assert broken(good) != good
    with pytest.raises(NoticeSignatureError):
        channel.read_payment_notice(FORM, broken(good))


def test_another_key_is_not_believed(channel, stranger, notice):
    with pytest.raises(NoticeSignatureError):
        channel.read_payment_notice(FORM, stranger.notice(notice))


@pytest.mark.parametrize(
    "broken",
    [
        lambda body: b"",
        lambda body: b"&",
        lambda body: b"no pairs at all",
        lambda body: body + b"&trade_status=TRADE_SUCCESS",
        lambda body: body + b"&sign=x",
        lambda body: body + b"&=x",
        lambda body: body + b"&name",
        lambda body: body + b"&%E5=1",
        lambda body: body + b"&bad=%G1",
        lambda body: body + b"&bad=%4",
        lambda body: body + b"&mixed=%B5%E7",
        lambda body: body + b"&mixed=\xb5\xe7",
        lambda body: body + b"&big=" + b"x" * 65_536,
        lambda body: body + b"".join(b"&f%d=1" % number for number in range(100)),
        lambda body: body.replace(b"charset=utf-8", b"charset=utf-7"),
        lambda body: body.replace(b"charset=utf-8", b"charset=%FF"),
        lambda body: b'{"trade_status":"TRADE_SUCCESS"}',
    ],
)
def test_a_form_that_two_readers_could_read_differently_is_unreadable(channel, platform, notice, broken):
    with pytest.raises(NoticeUnreadableError):
        channel.read_payment_notice(FORM, broken(platform.notice(notice)))


def test_a_signed_duplicate_is_still_refused(channel, platform, notice):
    """The attacker's copy comes first, the signed one last: a reader that takes the last would verify."""
    body = b"total_amount=0.01&" + platform.notice(notice)
    with pytest.raises(NoticeUnreadableError):
        channel.read_payment_notice(FORM, body)


def test_a_notice_in_gbk_is_read_in_gbk(channel, platform, notice):
    gbk = {**notice, "charset": "gbk"}
    for headers in (GBK_FORM, {"content-type": "application/x-www-form-urlencoded"}):
        assert channel.read_payment_notice(headers, platform.notice(gbk, charset="gbk")).amount == 8_888


@pytest.mark.parametrize(
    ("headers", "told", "written"),
    [
        (FORM, "gbk", "gbk"),
        (GBK_FORM, "utf-8", "utf-8"),
        (FORM, "utf-8", "gbk"),
    ],
)
def test_mixed_encodings_are_unreadable(channel, platform, notice, headers, told, written):
    body = platform.notice({**notice, "charset": told}, charset=written)
    with pytest.raises(NoticeUnreadableError):
        channel.read_payment_notice(headers, body)


@pytest.mark.parametrize("content_type", ["", "application/json", "multipart/form-data; boundary=x"])
def test_anything_but_a_form_is_unreadable(channel, platform, notice, content_type):
    with pytest.raises(NoticeUnreadableError):
        channel.read_payment_notice({"content-type": content_type}, platform.notice(notice))


def test_empty_values_are_not_signed(channel, platform, notice):
    assert notice["body"] == ""
    assert b"&body=&" in platform.notice(notice)
    assert channel.read_payment_notice(FORM, platform.notice(notice)) is not None


def test_certificate_mode(certified, certified_platform, stranger, notice):
    assert certified.read_payment_notice(FORM, certified_platform.notice(notice)) is not None
    named = {**notice, "alipay_cert_sn": certified_platform.certificate_sn}
    assert certified.read_payment_notice(FORM, certified_platform.notice(named)) is not None
    for wrong in (
        stranger.notice(notice),
        stranger.notice(named),
        certified_platform.notice({**notice, "alipay_cert_sn": "0" * 32}),
    ):
        with pytest.raises(NoticeSignatureError):
            certified.read_payment_notice(FORM, wrong)


def test_the_order_of_fields_does_not_matter(channel, platform, notice):
    pairs = platform.notice(notice).split(b"&")
    assert channel.read_payment_notice(FORM, b"&".join(reversed(pairs))) is not None
    swapped = replace(platform).notice(dict(reversed(notice.items())))
    assert channel.read_payment_notice(FORM, swapped) is not None


def test_a_notice_without_any_field_but_a_signature_is_not_believed(channel):
    with pytest.raises(NoticeSignatureError):
        channel.read_payment_notice(FORM, urlencode({"sign": "eA==", "sign_type": "RSA2"}).encode())
