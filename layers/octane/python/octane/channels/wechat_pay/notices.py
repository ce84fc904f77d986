"""Callbacks: believe the signature over the raw body, then open the seal, then read."""

from collections.abc import Mapping
from typing import NamedTuple

from octane.channels.port import NoticeUnreadableError, PaymentProof, RefundReport
from octane.channels.wechat_pay.config import WechatPayConfig
from octane.channels.wechat_pay.exchange import object_of, parse_object, text_of
from octane.channels.wechat_pay.readings import REFUND_STATES, check_owner, read_refund, read_trade
from octane.channels.wechat_pay.signing import Verifiers, check_signature
from octane.kernel.clock import Instant
from octane.wire.aead import SealBrokenError, unseal

PAID = "TRANSACTION.SUCCESS"
REFUND = "REFUND."
SEALING = "AEAD_AES_256_GCM"


class Notice(NamedTuple):
    """A callback that is believed and opened."""

    event_type: str
    resource: Mapping[str, object]
    nonce: str


def open_notice(
    verifiers: Verifiers, api_v3_key: bytes, headers: Mapping[str, str], body: bytes, now: Instant
) -> Notice:
    """Verify and decrypt; raise a `NoticeRefusedError`. Header names are lower-case."""
    check_signature(verifiers, headers, body, now)
    envelope = parse_object(body)
    if envelope is None:
        raise NoticeUnreadableError
    sealed = object_of(envelope, "resource")
    if text_of(sealed, "algorithm") != SEALING:
        raise NoticeUnreadableError
    try:
        plaintext = unseal(
            api_v3_key,
            text_of(sealed, "nonce").encode(),
            text_of(sealed, "associated_data").encode(),
            text_of(sealed, "ciphertext"),
        )
    except SealBrokenError:
        raise NoticeUnreadableError from None
    resource = parse_object(plaintext)
    if resource is None:
        raise NoticeUnreadableError
    return Notice(text_of(envelope, "event_type"), resource, headers["wechatpay-nonce"])


def read_payment(config: WechatPayConfig, notice: Notice) -> PaymentProof:
    """Raise `NoticeForeignError` or `NoticeUnreadableError`."""
    if notice.event_type != PAID:
        raise NoticeUnreadableError
    proof = read_trade(config, notice.resource, source="notice", nonce=notice.nonce)
    if not isinstance(proof, PaymentProof):
        raise NoticeUnreadableError
    return proof


def read_refund_result(config: WechatPayConfig, notice: Notice) -> RefundReport:
    """Raise `NoticeForeignError` or `NoticeUnreadableError`; the event and the sealed status must agree."""
    check_owner(config, notice.resource)
    status = text_of(notice.resource, "refund_status")
    if notice.event_type != REFUND + status or status not in REFUND_STATES:
        raise NoticeUnreadableError
    return read_refund(notice.resource, "refund_status", source="notice")
