"""What becomes of a payment (OR3, OR7, PY6, PY8): accepted, booked apart and returned, or closed with
proof."""

from typing import NamedTuple

from octane.channels.port import (
    ChannelName,
    CloseResult,
    NoticeForeignError,
    PaymentProof,
    TradeState,
    Unknown,
)
from octane.kernel.clock import Instant, later
from octane.kernel.errors import StateError
from octane.kernel.money import Fen
from octane.ledger import topup
from octane.ledger.accounts import COUPON_EXPENSE, channel_receivable, wallet
from octane.ledger.entries import Entry, post
from octane.orders.attempts import (
    PaymentInProgressError,
    call_under_way,
    end_unpaid,
    give_back,
    spend_held,
    with_attempt,
)
from octane.orders.deps import Deps
from octane.orders.model import Actor, Attempt, Dossier, Order
from octane.orders.records import advance, change, change_attempt, load
from octane.orders.refund import open_refund
from octane.orders.review import hold, to_recharge
from octane.orders.states import AttemptStatus, Event, OrderState, Queue
from octane.store.writes import Write

LONGEST_WAIT = 6
"""Doublings of a query's interval: then it stays."""


class SecondTransactionError(StateError):
    """The channel says that one attempt was paid by two transactions: no channel should; a person must
    look."""

    code = "SECOND_TRANSACTION"


class ChannelSilentError(StateError):
    """The channel could not be asked, so nothing may be decided; the schedule goes on asking."""

    code = "CHANNEL_SILENT"
    retryable = True
    summary = "The payment channel does not answer; the order is settled as soon as it does."


class Closing(NamedTuple):
    """Why an order is to end unpaid, and what is written with its end."""

    reason: str
    also: tuple[Write, ...] = ()


def accept_payment(deps: Deps, dossier: Dossier, proof: PaymentProof) -> Dossier:
    """Book what the channel proves to have taken, once, and move the order or return the money.

    One transaction. A proof of what is booked already changes nothing.
    """
    attempt = dossier.attempt_of(proof.out_trade_no)
    if attempt.status is AttemptStatus.PAID:
        if attempt.transaction_id != proof.transaction_id:
            deps.signals.count("SecondTransaction", order_id=dossier.order.order_id)
            raise SecondTransactionError
        return dossier
    order, now = dossier.order, deps.clock.now()
    paid = attempt._replace(
        status=AttemptStatus.PAID,
        transaction_id=proof.transaction_id,
        paid=proof.amount,
        paid_at=proof.paid_at,
        notice_nonce=proof.nonce,
    )
    refusal = _why_unexpected(order, attempt, proof)
    if refusal:
        deps.signals.count("UnexpectedPayment", order_id=order.order_id, why=refusal)
        new, writes = _return_unexpected(dossier, paid, proof, refusal, now)
        writes += give_back(order, attempt, now, quota=False)
    else:
        new, writes = paid_order(deps, order, paid, f"{proof.source}:{proof.transaction_id}", now)
        writes += spend_held(order, attempt)
    deps.store.commit(*writes, change_attempt(attempt, paid))
    return with_attempt(dossier, paid, new)


def _why_unexpected(order: Order, attempt: Attempt, proof: PaymentProof) -> str:
    """Why the order cannot use this payment, or nothing."""
    if proof.amount != attempt.amount:
        return "AMOUNT_MISMATCH"
    if order.state is not OrderState.PAYING:
        return "LATE_PAYMENT" if not order.captured else "SECOND_PAYMENT"
    if attempt.wallet and not attempt.is_open:
        return "LATE_PAYMENT"  # the wallet's part was given back when the attempt ended
    return "" if attempt.no == order.attempt_no else "SECOND_PAYMENT"


def paid_order(
    deps: Deps, order: Order, paid: Attempt, because: str, now: Instant
) -> tuple[Order, tuple[Write, ...]]:
    """Return the order RECHARGING, and the writes: order, step (to the recharge queue), entry. One that must
    be reviewed is REVIEWING instead, its step goes to the review queue, and its review is written too."""
    captured = order._replace(attempt_no=paid.no, captured=Fen(paid.paid + paid.wallet))
    if order.review:
        after, *opened = hold(deps, captured, paid, now)
        event, queue = Event.ORDER_HELD, Queue.REVIEW
    else:
        after, opened = to_recharge(deps, captured, now), []
        event, queue = Event.ORDER_PAID, Queue.RECHARGE
    by: Actor = "channel" if paid.paid else "customer"
    new, writes = advance(order, after, event, at=now, by=by, because=because, queue=queue)
    return new, (*writes, post(_received(order, paid, now)), *opened)


def _received(order: Order, paid: Attempt, now: Instant) -> Entry:
    """The entry of an order's payment."""
    parts = {
        channel_receivable(paid.method.channel): paid.paid,
        wallet(order.user_id): paid.wallet,
        COUPON_EXPENSE: order.discount,
    }
    return topup.payment_received(
        order.order_id,
        paid.out_trade_no,
        parts,
        paid.paid_at or now,
        now,
        paid.transaction_id,
        paid.payer_id,
        held=bool(order.review),
    )


def _return_unexpected(
    dossier: Dossier, paid: Attempt, proof: PaymentProof, why: str, now: Instant
) -> tuple[Order, tuple[Write, ...]]:
    """Book the money apart and send it back. A mismatched payment of the open attempt ends its order."""
    order, channel = dossier.order, paid.method.channel
    entry = topup.unexpected_payment_received(
        order.order_id,
        paid.out_trade_no,
        channel,
        proof.amount,
        proof.paid_at,
        now,
        proof.transaction_id,
        paid.payer_id,
    )
    ends = order.state is OrderState.PAYING and paid.no == order.attempt_no
    after = order._replace(state=OrderState.CLOSED, reason=why, due_at=None) if ends else order
    new, writes = open_refund(
        dossier,
        after,
        paid,
        proof.amount,
        why,
        now,
        event=Event.REFUND_REQUESTED,
        by="channel",
        unexpected=True,
    )
    return new, (*writes, post(entry))


def settle_payment(deps: Deps, dossier: Dossier, *, by: Actor, closing: Closing | None = None) -> Dossier:
    """Ask the channel what became of the open attempt, and act on proof only.

    `closing` tells to end the order if nothing was taken, and why: then the trade is closed at the channel
    first. Raises `ChannelSilentError` when the channel does not tell.
    """
    attempt = dossier.open_attempt
    if attempt is None:
        return close_order(deps, dossier, None, by, closing) if closing else _recheck(deps, dossier)
    answer = deps.channel_of(attempt.method.channel).query(attempt.trade)
    match answer:
        case PaymentProof():
            return accept_payment(deps, dossier, answer)
        case Unknown():
            raise ChannelSilentError
        case TradeState.CLOSED:
            return _end_attempt(deps, dossier, attempt, by, closing)
        case TradeState.NOT_PAID:
            return _close_trade(deps, dossier, attempt, by, closing) if closing else _recheck(deps, dossier)
        case TradeState.NOT_FOUND:
            return _end_unknown_trade(deps, dossier, attempt, by, closing)


def _close_trade(
    deps: Deps, dossier: Dossier, attempt: Attempt, by: Actor, closing: Closing | None
) -> Dossier:
    """Close at the channel; only its confirmation ends the attempt here (and the order, if `closing`)."""
    channel = deps.channel_of(attempt.method.channel)
    match channel.close(attempt.trade):
        case CloseResult.CLOSED:
            return _end_attempt(deps, dossier, attempt, by, closing)
        case CloseResult.PAID:
            answer = deps.channel_of(attempt.method.channel).query(attempt.trade)
            if isinstance(answer, PaymentProof):
                return accept_payment(deps, dossier, answer)
            raise ChannelSilentError
        case CloseResult.NOT_FOUND:
            return _end_unknown_trade(deps, dossier, attempt, by, closing)
        case Unknown():
            raise ChannelSilentError


def _end_unknown_trade(
    deps: Deps, dossier: Dossier, attempt: Attempt, by: Actor, closing: Closing | None
) -> Dossier:
    """The channel knows no such trade. While a prepare may be under way, that proves nothing."""
    if call_under_way(deps, attempt, deps.settings.lease_ms):
        if by == "customer":
            raise PaymentInProgressError("The payment is being prepared; try again in a minute.")
        return _recheck(deps, dossier)
    return _end_attempt(deps, dossier, attempt, by, closing)


def _end_attempt(
    deps: Deps, dossier: Dossier, attempt: Attempt, by: Actor, closing: Closing | None
) -> Dossier:
    """The attempt can take nothing any more. The order ends with it, or can be paid again until it
    expires."""
    if closing:
        return close_order(deps, dossier, attempt, by, closing)
    order = dossier.order
    closed, writes = end_unpaid(order, attempt, AttemptStatus.CLOSED, deps.clock.now())
    waiting = order._replace(version=order.version + 1, due_at=order.expires_at, checks=0)
    deps.store.commit(change(order, waiting), *writes)
    return with_attempt(dossier, closed, waiting)


def release_attempt(deps: Deps, dossier: Dossier, attempt: Attempt) -> Dossier:
    """End an open attempt so that another channel may be tried: only with the channel's confirmation (PY6).

    Raises `ChannelSilentError` when the channel does not confirm, `PaymentInProgressError` when it knows no
    such trade while a call may still be on its way. A payment that was faster is accepted.
    """
    return _close_trade(deps, dossier, attempt, "customer", None)


def close_order(
    deps: Deps, dossier: Dossier, attempt: Attempt | None, by: Actor, closing: Closing
) -> Dossier:
    """End an order for which nothing was taken, and what it held with it."""
    now = deps.clock.now()
    closed = dossier.order._replace(state=OrderState.CLOSED, reason=closing.reason, due_at=None)
    order, writes = advance(dossier.order, closed, Event.ORDER_CLOSED, at=now, by=by, because=closing.reason)
    if attempt is None:
        deps.store.commit(*writes, *closing.also)
        return dossier._replace(order=order)
    ended, releases = end_unpaid(dossier.order, attempt, AttemptStatus.CLOSED, now)
    deps.store.commit(*writes, *releases, *closing.also)
    return with_attempt(dossier, ended, order)


def _recheck(deps: Deps, dossier: Dossier) -> Dossier:
    """Nothing new: look again later, at growing intervals, but not after the order expires."""
    order, now = dossier.order, deps.clock.now()
    wait = next_wait(deps.settings.payment_query_ms, order.checks)
    due_at = min(later(now, wait), order.expires_at) if now < order.expires_at else later(now, wait)
    looked = order._replace(version=order.version + 1, checks=order.checks + 1, due_at=due_at)
    deps.store.commit(change(order, looked))
    return dossier._replace(order=looked)


def next_wait(first_ms: int, checks: int) -> int:
    """Milliseconds until the next look: it doubles from `first_ms`."""
    return first_ms << min(checks + 1, LONGEST_WAIT)


def confirm_payment(deps: Deps, order_id: str, proof: PaymentProof, channel: ChannelName) -> Dossier:
    """Handle a payment notice that `channel` has signed. Two AWS calls; a duplicate needs one.

    Raises `NoticeForeignError` for an attempt that was made through another channel.
    """
    dossier = load(deps.store, order_id)
    attempt = dossier.attempt_of(proof.out_trade_no)
    if attempt.method.channel is not channel:
        raise NoticeForeignError
    if attempt.status is AttemptStatus.PAID and proof.nonce and attempt.notice_nonce == proof.nonce:
        raise NoticeReplayedError
    return accept_payment(deps, dossier, proof)


class NoticeReplayedError(StateError):
    """The very same message, nonce and all, was delivered and acted on before."""

    code = "NOTICE_REPLAYED"
    summary = "This notice was handled before."
