"""Refunds (OR5, OR11): entities of their own, never more than was captured, sent until the channel proves
the end."""

from octane.audit.acts import act_of, record
from octane.channels.port import (
    ChannelName,
    NoticeForeignError,
    RefundReport,
    RefundRequest,
    RefundState,
    Refused,
    Unknown,
)
from octane.kernel.caller import GRANTS_REFUNDS, Caller
from octane.kernel.clock import Instant, later
from octane.kernel.errors import ForbiddenError, StateError
from octane.kernel.ids import digest_of
from octane.kernel.money import Fen, fen
from octane.ledger import topup
from octane.ledger.accounts import channel_receivable, wallet
from octane.ledger.balances import credit
from octane.ledger.entries import Entry, post
from octane.orders.access import readable_order
from octane.orders.attempts import SHARD
from octane.orders.deps import Deps
from octane.orders.model import Actor, Attempt, Dossier, Order, OrderStateError, Refund
from octane.orders.records import advance, change_refund, item_of, load, refund_key
from octane.orders.states import OPEN_REFUND, Event, OrderKind, OrderState, Queue, RefundStatus
from octane.store.items import Table
from octane.store.replays import ReplayedError, recall, remember, replay_key
from octane.store.writes import Absent, Put, Write

MAX_REFUNDS = 50
"""WeChat Pay allows 50 partial refunds of one payment."""
TRIES_BEFORE_ALARM = 5


class RefundExceedsCapturedError(StateError):
    code = "REFUND_EXCEEDS_CAPTURED"
    summary = "The refunds of an order never exceed what was captured for it."


class NotPaidError(OrderStateError):
    code = "ORDER_NOT_PAID"
    summary = "Nothing was captured for this order, so nothing can be refunded."


class RefundMismatchError(StateError):
    """The channel reports another amount than was asked for; a person must look."""

    code = "REFUND_MISMATCH"


def open_refund(
    dossier: Dossier,
    after: Order,
    attempt: Attempt,
    amount: Fen,
    reason: str,
    now: Instant,
    *,
    event: Event,
    by: Actor,
    unexpected: bool = False,
    digest: str = "",
) -> tuple[Order, tuple[Write, ...]]:
    """Return the order with the refund, and the writes: order, step (to the refund queue), refund, entry.

    `after` is the order as the caller's own change leaves it. The refund's number comes from the order's
    version, so two refunds at once cannot both be counted against the same captured amount. Of a combined
    payment it becomes two refunds, with numbers in a row (`_parts`).
    """
    old = dossier.order
    counted = Fen(0) if unexpected else amount
    if not unexpected and after.refunding + counted > after.captured:
        raise RefundExceedsCapturedError
    refunds = [
        Refund(
            order_id=old.order_id,
            no=after.refund_no + number,
            status=RefundStatus.REQUESTED,
            amount=part,
            attempt_no=attempt.no,
            unexpected=unexpected,
            to_wallet=to_wallet,
            reason=reason,
            requested_at=now,
            due_at=later(now, 60_000),
            request_digest=digest,
        )
        for number, (to_wallet, part) in enumerate(_parts(dossier, attempt, amount), start=1)
    ]
    new, writes = advance(
        old,
        after._replace(refund_no=refunds[-1].no, refunding=Fen(after.refunding + counted)),
        event,
        at=now,
        by=by,
        because=reason,
        queue=Queue.REFUND,
        refund_no=refunds[0].no,
    )
    stored = [Put(refund_key(old.order_id, refund.no), item_of(refund), when=Absent()) for refund in refunds]
    owed = _owed(refunds[0], amount, old, event, now)
    return new, (*writes, *stored, post(owed))


def _parts(dossier: Dossier, attempt: Attempt, amount: Fen) -> list[tuple[bool, Fen]]:
    """(to the wallet?, fen): the channel's part first, up to what it took and has not given back.

    Money from outside goes outside as long as there is any: a balance must not turn into cash, nor cash that
    is owed back into a balance.
    """
    returned = sum(
        known.amount for known in dossier.refunds if known.attempt_no == attempt.no and not known.to_wallet
    )
    outside = min(amount, attempt.paid - returned)
    return [
        (to_wallet, Fen(part)) for to_wallet, part in ((False, outside), (True, amount - outside)) if part > 0
    ]


def _owed(first: Refund, amount: Fen, order: Order, event: Event, now: Instant) -> Entry:
    if first.unexpected:
        return topup.unexpected_receipt_returned(first.order_id, first.refund_no, amount, now)
    if event is Event.ORDER_FAILED:
        failed = topup.review_returned if order.state is OrderState.REVIEWING else topup.recharge_failed
        return failed(first.order_id, first.refund_no, amount, now, first.reason, order.discount)
    return topup.refund_granted(first.order_id, first.refund_no, amount, now, first.reason)


def grant_refund(deps: Deps, caller: Caller, order_id: str, amount: int, reason: str, key: str) -> Refund:
    """Staff return all or part of what was paid for a delivered order; its coupons stay used.

    A failed order's money is returned without being asked for; while an issuer may still recharge, nothing
    is.
    """
    dossier = readable_order(deps, caller, order_id)
    order, asked = dossier.order, fen(amount)
    digest = digest_of({"amount": asked, "reason": reason})
    replay = replay_key(Table.ORDERS, order_id, "grant_refund", key)
    _must_be_refundable(dossier, caller)
    now = deps.clock.now()
    try:
        _, writes = open_refund(
            dossier,
            order,
            dossier.paid_attempt,
            asked,
            reason,
            now,
            event=Event.REFUND_REQUESTED,
            by="staff",
            digest=digest,
        )
        made = f"{order_id}F{order.refund_no + 1:02d}"
        act = act_of(caller, "grant_refund", order_id, key, now, reason=reason, after=digest)
        deps.store.commit(remember(replay, digest, made, now), *writes, record(act))
    except (ReplayedError, RefundExceedsCapturedError) as refusal:
        known = deps.store.get(replay)
        if known is None:
            raise refusal from None
        return load(deps.store, order_id).refund_of(recall(deps.store, replay, digest))
    return load(deps.store, order_id).refund_of(made)


def _must_be_refundable(dossier: Dossier, caller: Caller) -> None:
    order = dossier.order
    if not order.captured:
        raise NotPaidError
    if order.state is OrderState.FAILED:
        raise RefundExceedsCapturedError("The order failed: all of it is being refunded already.")
    if order.refund_no >= MAX_REFUNDS:  # what is owed without being asked for goes beyond it
        raise RefundExceedsCapturedError(f"An order has at most {MAX_REFUNDS} refunds.")
    if order.kind is OrderKind.WALLET:
        raise OrderStateError("The balance was credited; it is spent or withdrawn, not refunded.")
    if order.state is not OrderState.SUCCEEDED:
        raise OrderStateError("It is being delivered; the outcome must be known before a refund.")
    if caller.role not in GRANTS_REFUNDS:
        raise ForbiddenError("The card or the biller has the money; ask support, staff can grant a refund.")
    if caller.user_id in {order.user_id, order.placed_by, dossier.paid_attempt.started_by}:
        raise ForbiddenError("Nobody grants a refund of their own order: another person must.")


def send_refunds(deps: Deps, order_id: str, no: int) -> None:
    """Handle a message of the refund queue: send the refund, and the wallet's part that was asked for with
    it."""
    refunds = send_refund(deps, order_id, no).refunds
    asked_at = refunds[no - 1].requested_at
    if any(other.no == no + 1 and other.to_wallet and other.requested_at == asked_at for other in refunds):
        send_refund(deps, order_id, no + 1)


def send_refund(deps: Deps, order_id: str, no: int) -> Dossier:
    """Ask the channel for a refund, again and again under one number, until it proves the end. The wallet's
    part needs no asking. Return what was known before."""
    dossier = load(deps.store, order_id)
    refund = dossier.refund_of(f"{order_id}F{no:02d}")
    if refund.status not in OPEN_REFUND:
        return dossier
    if refund.to_wallet:
        settle_refund(deps, dossier, _wallet_report(refund, deps.clock.now()))
        return dossier
    answer: RefundReport | RefundState | Refused | Unknown
    request = refund_request(dossier, refund)
    channel = deps.channel_of(dossier.attempt_of(refund.out_trade_no).method.channel)
    if refund.status is RefundStatus.PROCESSING:
        answer = channel.query_refund(request)
    else:
        answer = channel.refund(request)
    if isinstance(answer, RefundReport):
        settle_refund(deps, dossier, answer)
    else:
        _try_later(deps, refund, answer)
    return dossier


def _wallet_report(refund: Refund, now: Instant) -> RefundReport:
    """Our own balance answers at once."""
    return RefundReport(
        refund_no=refund.refund_no,
        out_trade_no=refund.out_trade_no,
        state=RefundState.SUCCEEDED,
        amount=refund.amount,
        channel_refund_id=refund.refund_no,
        finished_at=now,
        source="answer",
    )


def refund_request(dossier: Dossier, refund: Refund) -> RefundRequest:
    """The same words at every try."""
    paid = dossier.attempt_of(refund.out_trade_no)
    return RefundRequest(
        refund_no=refund.refund_no,
        trade=paid.trade,
        transaction_id=paid.transaction_id,
        amount=refund.amount,
        total=paid.paid,
        reason=refund.reason,
        requested_at=refund.requested_at,
        paid_at=paid.paid_at or paid.started_at,
    )


def _try_later(deps: Deps, refund: Refund, answer: RefundState | Refused | Unknown) -> None:
    """No proof: ask again later. A refund the channel does not know is sent again under its number."""
    tries = refund.tries + 1
    if tries >= TRIES_BEFORE_ALARM:
        why = answer.code if isinstance(answer, Refused) else "UNKNOWN"
        deps.signals.count("RefundDelayed", refund_no=refund.refund_no, why=why)
    status = RefundStatus.REQUESTED if answer is RefundState.NOT_FOUND else refund.status
    wait = min(tries, 6) * deps.settings.payment_query_ms
    later_on = refund._replace(status=status, tries=tries, due_at=later(deps.clock.now(), wait))
    deps.store.commit(change_refund(refund, later_on))


def settle_refund(deps: Deps, dossier: Dossier, report: RefundReport) -> None:
    """Act on what the channel says of a refund: from its answer, a query or a verified notice."""
    refund = dossier.refund_of(report.refund_no)
    mended = refund.status is RefundStatus.STUCK and report.state is RefundState.SUCCEEDED
    if refund.status not in OPEN_REFUND and not mended:
        return
    if report.amount != refund.amount:
        deps.signals.count("RefundMismatch", refund_no=refund.refund_no)
        raise RefundMismatchError
    now = deps.clock.now()
    match report.state:
        case RefundState.SUCCEEDED:
            _succeed(deps, dossier, refund, report, now)
        case RefundState.PROCESSING | RefundState.NOT_FOUND:
            if refund.status is RefundStatus.PROCESSING and report.source == "notice":
                return
            wait = deps.settings.payment_query_ms * min(refund.tries + 1, 6)
            processing = refund._replace(
                status=RefundStatus.PROCESSING,
                tries=refund.tries + 1,
                due_at=later(now, wait),
                channel_refund_id=report.channel_refund_id,
            )
            deps.store.commit(change_refund(refund, processing))
        case RefundState.CLOSED | RefundState.ABNORMAL:
            deps.signals.count("RefundStuck", refund_no=refund.refund_no, state=report.state.value)
            stuck = refund._replace(status=RefundStatus.STUCK, due_at=None)
            _, writes = advance(
                dossier.order,
                dossier.order,
                Event.REFUND_STUCK,
                at=now,
                by="channel",
                because=report.state.value,
                refund_no=refund.no,
            )
            deps.store.commit(*writes, change_refund(refund, stuck))


def _succeed(deps: Deps, dossier: Dossier, refund: Refund, report: RefundReport, now: Instant) -> None:
    order, finished_at = dossier.order, report.finished_at or now
    done = refund._replace(
        status=RefundStatus.SUCCEEDED,
        due_at=None,
        finished_at=finished_at,
        channel_refund_id=report.channel_refund_id,
    )
    counted = 0 if refund.unexpected else refund.amount
    _, writes = advance(
        order,
        order._replace(refunded=Fen(order.refunded + counted)),
        Event.REFUND_SUCCEEDED,
        at=now,
        by="worker" if refund.to_wallet else "channel",
        because=f"{report.source}:{report.channel_refund_id}",
        refund_no=refund.no,
    )
    account = wallet(order.user_id)
    credited = (credit(account, SHARD, refund.amount),) if refund.to_wallet else ()
    if not refund.to_wallet:
        account = channel_receivable(dossier.attempt_of(refund.out_trade_no).method.channel)
    entry = topup.refund_succeeded(
        order.order_id, refund.refund_no, account, refund.amount, finished_at, now, report.channel_refund_id
    )
    deps.store.commit(*writes, change_refund(refund, done), post(entry), *credited)


def confirm_refund(deps: Deps, order_id: str, report: RefundReport, channel: ChannelName) -> None:
    """Handle a refund notice that `channel` has signed: two AWS calls; a duplicate needs one.

    Raises `NoticeForeignError` for a refund of another channel's payment, or of the wallet's part.
    """
    dossier = load(deps.store, order_id)
    refund = dossier.refund_of(report.refund_no)
    if refund.to_wallet or dossier.attempt_of(refund.out_trade_no).method.channel is not channel:
        raise NoticeForeignError
    settle_refund(deps, dossier, report)
