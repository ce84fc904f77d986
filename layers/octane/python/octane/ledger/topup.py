"""The entries of an order, be it a top-up or bills: one function a fact."""

from collections.abc import Mapping
from dataclasses import replace

from octane.kernel.clock import Instant
from octane.kernel.money import Fen
from octane.ledger.accounts import (
    COUPON_EXPENSE,
    CUSTOMER_ADVANCE,
    RECHARGE_LOSS,
    REFUND_EXPENSE,
    REFUND_PAYABLE,
    REVIEW_HELD,
    UNEXPECTED_RECEIPTS,
    channel_receivable,
)
from octane.ledger.entries import Entry, Leg, payer_mark, transfer

NOTHING = Fen(0)


def payment_received(
    order_id: str,
    attempt: str,
    parts: Mapping[str, Fen],
    paid_at: Instant,
    now: Instant,
    proof: str,
    party: str = "",
    *,
    held: bool = False,
) -> Entry:
    """An order that waited for it is paid: `parts` are the accounts that gave (a channel's receivable, the
    customer's wallet, our expense for its coupons) and how much. `held`: until its review has ended
    (OR10)."""
    legs = tuple(Leg(account, amount) for account, amount in parts.items() if amount)
    total = Leg(REVIEW_HELD if held else CUSTOMER_ADVANCE, -sum(parts.values()))
    return Entry(
        order_id, "payment_received", attempt, (*legs, total), paid_at, now, proof, payer_mark(party)
    )


def unexpected_payment_received(
    order_id: str,
    attempt: str,
    channel: str,
    amount: Fen,
    paid_at: Instant,
    now: Instant,
    proof: str,
    party: str = "",
) -> Entry:
    """The channel took money that the order cannot use: late, a second time, or the wrong amount (PY8)."""
    legs = transfer(amount, debit=channel_receivable(channel), credit=UNEXPECTED_RECEIPTS)
    mark = payer_mark(party)
    return Entry(order_id, "unexpected_payment_received", attempt, legs, paid_at, now, proof, mark)


def unexpected_receipt_returned(order_id: str, refund: str, amount: Fen, now: Instant) -> Entry:
    legs = transfer(amount, debit=UNEXPECTED_RECEIPTS, credit=REFUND_PAYABLE)
    return Entry(order_id, "unexpected_receipt_returned", refund, legs, now, now)


def recharge_succeeded(
    order_id: str,
    payable: str,
    amount: Fen,
    now: Instant,
    proof: str,
    party: str = "",
    fulfilled_at: Instant | None = None,
) -> Entry:
    """The card or the biller has the money: we owe it, to the account `payable`. Without `fulfilled_at` they
    have it since we know."""
    legs = transfer(amount, debit=CUSTOMER_ADVANCE, credit=payable)
    return Entry(order_id, "recharge_succeeded", "R01", legs, fulfilled_at or now, now, proof, party)


def wallet_credited(order_id: str, account: str, amount: Fen, now: Instant) -> Entry:
    """The customer's balance has the money."""
    legs = transfer(amount, debit=CUSTOMER_ADVANCE, credit=account)
    return Entry(order_id, "wallet_credited", "R01", legs, now, now)


def recharge_failed(
    order_id: str, refund: str, amount: Fen, now: Instant, proof: str, discount: Fen = NOTHING
) -> Entry:
    """The error-ledger entry of an order that the issuer or biller refused (OR5): of the advance, `amount` is
    owed back, and `discount` (what its coupons gave) is our expense no more."""
    legs = _returned(CUSTOMER_ADVANCE, amount, discount)
    return Entry(order_id, "recharge_failed", refund, legs, now, now, proof)


def recharge_contradicted(succeeded: Entry) -> Entry:
    """It was delivered after the issuer or biller had definitely refused to: what `recharge_succeeded` would
    be, but our loss until a person recovers it."""
    _, payable = succeeded.legs
    legs = (Leg(RECHARGE_LOSS, -payable.fen), payable)
    return replace(succeeded, kind="recharge_contradicted", legs=legs)


def review_released(order_id: str, amount: Fen, now: Instant, because: str) -> Entry:
    """The review lets the order go: its money is an advance like any other."""
    legs = transfer(amount, debit=REVIEW_HELD, credit=CUSTOMER_ADVANCE)
    return Entry(order_id, "review_ended", "01", legs, now, now, because)


def review_returned(
    order_id: str, refund: str, amount: Fen, now: Instant, because: str, discount: Fen = NOTHING
) -> Entry:
    """The review returns the money, be it in two refunds; `discount` as in `recharge_failed`. Of the same
    kind and reference as `review_released`: the ledger itself refuses the second end."""
    legs = _returned(REVIEW_HELD, amount, discount)
    return Entry(order_id, "review_ended", "01", legs, now, now, f"{because} {refund}")


def _returned(held: str, amount: Fen, discount: Fen) -> tuple[Leg, ...]:
    """An order's money on its way back: the customer's to them, the coupons' to us."""
    ours = (Leg(COUPON_EXPENSE, -discount),) if discount else ()
    return (Leg(held, amount + discount), Leg(REFUND_PAYABLE, -amount), *ours)


def refund_granted(order_id: str, refund: str, amount: Fen, now: Instant, reason: str) -> Entry:
    """A person grants a refund of a delivered top-up; we bear it."""
    legs = transfer(amount, debit=REFUND_EXPENSE, credit=REFUND_PAYABLE)
    return Entry(order_id, "refund_granted", refund, legs, now, now, reason)


def refund_succeeded(
    order_id: str, refund: str, account: str, amount: Fen, finished_at: Instant, now: Instant, proof: str
) -> Entry:
    """The customer has the money back, from where it had gone: a channel's receivable, or their wallet."""
    legs = transfer(amount, debit=REFUND_PAYABLE, credit=account)
    return Entry(order_id, "refund_succeeded", refund, legs, finished_at, now, proof)
