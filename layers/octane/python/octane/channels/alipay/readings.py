"""Alipay's words and ours: amounts in yuan, Beijing time, and the fields of a trade."""

import re
from collections.abc import Mapping
from datetime import datetime

from octane.channels.port import NoticeUnreadableError, PaymentProof, TradeState
from octane.kernel.clock import BEIJING, SECOND, Instant, in_beijing
from octane.kernel.errors import AmountInvalidError
from octane.kernel.money import Fen, parse_yuan

MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,3})?", re.ASCII)
AMOUNT = re.compile(r"\d{1,15}(\.\d{1,2})?", re.ASCII)
CAPTURED = frozenset({"TRADE_SUCCESS", "TRADE_FINISHED"})
"""FINISHED is a success that can no longer be refunded."""
UNPAID = {"WAIT_BUYER_PAY": TradeState.NOT_PAID, "TRADE_CLOSED": TradeState.CLOSED}
"""TRADE_CLOSED is a trade that was never paid, or one whose whole payment went back: both hold no money."""
PAYERS = ("buyer_open_id", "buyer_user_id", "buyer_id", "open_id")


def text_of(fields: Mapping[str, object], name: str) -> str:
    """Return a text field, or the empty string when it is absent or no text."""
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def required(fields: Mapping[str, object], name: str) -> str:
    value = text_of(fields, name)
    if not value:
        raise NoticeUnreadableError
    return value


def amount_of(fields: Mapping[str, object], name: str) -> Fen:
    """Read yuan; raise `NoticeUnreadableError` for anything that is not a plain positive decimal."""
    value = required(fields, name)
    if AMOUNT.fullmatch(value) is None:
        raise NoticeUnreadableError
    try:
        return parse_yuan(value)
    except AmountInvalidError:
        raise NoticeUnreadableError from None


def beijing(instant: Instant) -> str:
    """Write whole seconds as Alipay does: `2026-11-22 08:00:00`."""
    return in_beijing(instant).strftime("%Y-%m-%d %H:%M:%S")


def moment(text: str) -> Instant:
    """Read Beijing time; raise `NoticeUnreadableError`."""
    if MOMENT.fullmatch(text) is None:
        raise NoticeUnreadableError
    try:
        found = datetime.fromisoformat(text).replace(tzinfo=BEIJING)
    except ValueError:
        raise NoticeUnreadableError from None
    return Instant(round(found.timestamp() * SECOND))


def read_proof(fields: Mapping[str, object], paid_at: str, source: str, nonce: str = "") -> PaymentProof:
    """Read a captured trade; raise `NoticeUnreadableError`. `paid_at` names the field.

    The amount is total_amount, the order's price: a coupon of Alipay's own does not lessen our due.
    """
    return PaymentProof(
        out_trade_no=required(fields, "out_trade_no"),
        transaction_id=required(fields, "trade_no"),
        amount=amount_of(fields, "total_amount"),
        paid_at=moment(required(fields, paid_at)),
        payer_id=next((found for name in PAYERS if (found := text_of(fields, name))), ""),
        source=source,
        nonce=nonce,
    )


def read_trade(fields: Mapping[str, object]) -> PaymentProof | TradeState:
    """Read the answer to a query; raise `NoticeUnreadableError` for a state we do not know."""
    status = text_of(fields, "trade_status")
    if status in UNPAID:
        return UNPAID[status]
    if status not in CAPTURED:
        raise NoticeUnreadableError
    return read_proof(fields, "send_pay_date", source="query")
