"""From UnionPay's words to ours: a payment and a return, checked to be our own."""

from octane.channels.port import (
    NoticeForeignError,
    NoticeUnreadableError,
    PaymentProof,
    RefundReport,
    RefundState,
)
from octane.channels.unionpay.codes import Outcome
from octane.channels.unionpay.config import UnionPayConfig
from octane.channels.unionpay.messages import Fields
from octane.channels.unionpay.moments import parse_trace_time, parse_txn_time
from octane.kernel.clock import Instant
from octane.kernel.errors import AmountInvalidError
from octane.kernel.money import Fen, fen

PAYMENT = "01"
VOID = "31"
REFUND = "04"
RETURNS = frozenset({VOID, REFUND})
YUAN = "156"
CARD_MOST = 19
AMOUNT_MOST = 12
"""Digits of txnAmt (N1..12)."""
CARD_DIGITS = (6, 4)
"""What of a card number may be kept: the issuer's six and the last four."""

REFUND_STATES = {
    Outcome.SUCCEEDED: RefundState.SUCCEEDED,
    Outcome.ACCEPTED: RefundState.PROCESSING,
    Outcome.UNDECIDED: RefundState.PROCESSING,
    Outcome.FAILED: RefundState.CLOSED,
}


def check_owner(config: UnionPayConfig, fields: Fields, sub_merchant: str = "") -> None:
    """Raise `NoticeForeignError` unless the message names our merchant, and our sub-merchant if any."""
    if fields.get("merId") != config.mer_id:
        raise NoticeForeignError
    told = fields.get("subMerId", "")
    if told and told != sub_merchant and (sub_merchant or config.sub_merchant(told) is None):
        raise NoticeForeignError


def read_payment(fields: Fields, source: str, nonce: str = "") -> PaymentProof:
    """Read a payment that succeeded; raise `NoticeForeignError` or `NoticeUnreadableError`.

    The amount is `txnAmt`, the order's price in fen: a discount of UnionPay's own does not lessen our due
    (settleAmt may). The moment is `traceTime`: the protocol has none of the card's debit itself.
    """
    if fields.get("txnType") != PAYMENT or fields.get("currencyCode") != YUAN:
        raise NoticeForeignError
    return PaymentProof(
        out_trade_no=_required(fields, "orderId"),
        transaction_id=_required(fields, "queryId"),
        amount=_amount(fields),
        paid_at=_traced(fields),
        payer_id=masked_card(fields.get("accNo", "")),
        source=source,
        nonce=nonce,
    )


def read_return(fields: Fields, outcome: Outcome, out_trade_no: str, source: str) -> RefundReport | None:
    """Read a void or refund; None when its code settles nothing. Raise as `read_payment`."""
    if fields.get("txnType") not in RETURNS or fields.get("currencyCode", YUAN) != YUAN:
        raise NoticeForeignError
    state = REFUND_STATES.get(outcome)
    if state is None:
        return None
    return RefundReport(
        refund_no=_required(fields, "orderId"),
        out_trade_no=out_trade_no,
        state=state,
        amount=_amount(fields),
        channel_refund_id=fields.get("queryId", ""),
        finished_at=_traced(fields) if state is RefundState.SUCCEEDED else None,
        source=source,
    )


def masked_card(number: str) -> str:
    """First six and last four digits; "" for a number that is encrypted, absent, or too short to mask.

    >>> masked_card("6221558812340000")
    '622155******0000'
    """
    first, last = CARD_DIGITS
    spelled = number.replace(" ", "")
    if not first + last < len(spelled) <= CARD_MOST or not set(spelled) <= set("0123456789*"):
        return ""
    return spelled[:first] + "*" * (len(spelled) - first - last) + spelled[-last:]


def _required(fields: Fields, name: str) -> str:
    value = fields.get(name, "")
    if not value:
        raise NoticeUnreadableError
    return value


def _amount(fields: Fields) -> Fen:
    text = fields.get("txnAmt", "")
    if not text.isascii() or not text.isdecimal() or len(text) > AMOUNT_MOST:
        raise NoticeUnreadableError
    try:
        return fen(int(text))
    except AmountInvalidError:
        raise NoticeUnreadableError from None


def _traced(fields: Fields) -> Instant:
    sent, traced = _required(fields, "txnTime"), fields.get("traceTime", "")
    try:
        return parse_trace_time(traced, sent) if traced else parse_txn_time(sent)
    except ValueError:
        raise NoticeUnreadableError from None
