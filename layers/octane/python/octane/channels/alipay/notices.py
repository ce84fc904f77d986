"""Callbacks: believe the signature over the form's raw bytes, then check whose it is, then read."""

from collections.abc import Mapping

from octane.channels.alipay.config import AlipayConfig
from octane.channels.alipay.forms import read_form
from octane.channels.alipay.keys import AlipayKeys
from octane.channels.alipay.readings import CAPTURED, UNPAID, read_proof, required, text_of
from octane.channels.alipay.signing import SIGN_TYPE, notice_messages
from octane.channels.port import (
    NoticeForeignError,
    NoticeSignatureError,
    NoticeUnreadableError,
    PaymentProof,
)

TRADE_NOTICE = "trade_status_sync"
REFUNDED = ("gmt_refund", "refund_fee", "out_biz_no")
"""A notice with one of these tells of a refund, although its trade_status may still be a success."""


def open_notice(keys: AlipayKeys, headers: Mapping[str, str], body: bytes) -> Mapping[str, str]:
    """Verify and read the form; raise a `NoticeRefusedError`."""
    form = read_form(headers, body)
    signature = form.fields.get("sign", "")
    if not signature or form.fields.get("sign_type") != SIGN_TYPE:
        raise NoticeSignatureError
    certificate = form.fields.get("alipay_cert_sn") or None
    if not any(keys.verifies(message, signature, certificate) for message in notice_messages(form.raw)):
        raise NoticeSignatureError
    return form.fields


def read_payment(config: AlipayConfig, fields: Mapping[str, str]) -> PaymentProof | None:
    """None when it tells of no money taken. Raise `NoticeForeignError` or `NoticeUnreadableError`."""
    if text_of(fields, "app_id") != config.app_id:
        raise NoticeForeignError
    if text_of(fields, "notify_type") != TRADE_NOTICE:
        return None
    if text_of(fields, "seller_id") != config.seller_id:
        raise NoticeForeignError
    status = text_of(fields, "trade_status")
    if status in UNPAID or (status in CAPTURED and any(text_of(fields, name) for name in REFUNDED)):
        return None
    if status not in CAPTURED:
        raise NoticeUnreadableError
    return read_proof(fields, "gmt_payment", source="notice", nonce=required(fields, "notify_id"))
