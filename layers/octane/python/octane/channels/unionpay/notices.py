"""Callbacks: decode the form once, believe the certificate and the signature, then read.

An answer to one of our own calls is signed by the same key, and must never pass for a notice: `respCode=00`
there only says that a tn was issued, a question was understood or a refund was taken in. So a notice has no
`tn`, no `origRespCode`, and has the marks of a transaction that was carried out.
"""

from octane.channels.port import (
    NoticeForeignError,
    NoticeSignatureError,
    NoticeUnreadableError,
    PaymentProof,
    RefundReport,
)
from octane.channels.unionpay.certificates import SignerCertificates
from octane.channels.unionpay.codes import Outcome, outcome_of
from octane.channels.unionpay.config import UnionPayConfig
from octane.channels.unionpay.exchange import is_genuine
from octane.channels.unionpay.messages import Fields, MessageUnreadableError, read_form
from octane.channels.unionpay.readings import PAYMENT, RETURNS, check_owner, read_payment, read_return

ANSWERS_ONLY = ("tn", "origRespCode", "fileContent")
CARRIED_OUT = ("queryId", "traceNo", "traceTime")


def open_notice(config: UnionPayConfig, certificates: SignerCertificates, body: bytes) -> Fields:
    """Verify a callback over its raw body; raise a `NoticeRefusedError`."""
    try:
        fields = read_form(body)
    except MessageUnreadableError:
        raise NoticeUnreadableError from None
    if not is_genuine(certificates, fields):
        raise NoticeSignatureError
    check_owner(config, fields)
    if any(name in fields for name in ANSWERS_ONLY) or not fields.get("respCode"):
        raise NoticeUnreadableError
    return fields


def payment_of(fields: Fields) -> PaymentProof | None:
    """None: it tells of no money taken. Raise `NoticeForeignError` or `NoticeUnreadableError`."""
    if fields.get("txnType") != PAYMENT:
        raise NoticeForeignError
    if outcome_of(fields["respCode"]) is not Outcome.SUCCEEDED:
        return None
    _was_carried_out(fields)
    return read_payment(fields, source="notice", nonce=fields["queryId"])


def return_of(fields: Fields) -> RefundReport | None:
    """None: the code settles nothing. Raise `NoticeForeignError` or `NoticeUnreadableError`.

    `reqReserved` is our own order number, which a void and a refund hand back.
    """
    if fields.get("txnType") not in RETURNS:
        raise NoticeForeignError
    outcome = outcome_of(fields["respCode"])
    if outcome is Outcome.SUCCEEDED:
        _was_carried_out(fields)
    return read_return(fields, outcome, fields.get("reqReserved", ""), source="notice")


def _was_carried_out(fields: Fields) -> None:
    if not all(fields.get(name) for name in CARRIED_OUT):
        raise NoticeUnreadableError
