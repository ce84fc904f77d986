"""Start a payment (PY1, PY4–PY6): the attempt is stored before a channel is called, under a number that never
changes.

Who pays names a way, or says where they are and leaves the choice to routing. A routed payment goes on to the
next channel by itself, but only with proof that the one before took nothing: a definite refusal of its first
call, a connection that never opened, or a confirmed close. Without proof the customer waits for that attempt.
"""

from collections.abc import Iterable
from typing import NamedTuple

from octane.audit.acts import act_of, record
from octane.channels.port import (
    NOT_SENT,
    ChannelName,
    ChannelUnavailableError,
    PaymentMethod,
    PaymentRequest,
    Prepared,
    Refused,
    Unknown,
)
from octane.kernel.caller import Caller
from octane.kernel.clock import Instant, later
from octane.kernel.errors import KeyReusedError
from octane.kernel.ids import derive_id
from octane.kernel.money import Fen
from octane.orders.access import own_order
from octane.orders.attempts import (
    PaymentInProgressError,
    PaymentRefusedError,
    PaymentUnknownError,
    end_unpaid,
    hold_wallet,
    with_attempt,
)
from octane.orders.choices import Choice, check, digest, from_wallet, payer_of
from octane.orders.deps import Deps
from octane.orders.model import Attempt, Dossier, OrderStateError
from octane.orders.payment import ChannelSilentError, release_attempt
from octane.orders.records import advance, attempt_key, change_attempt, item_of
from octane.orders.routes import Chosen, choose, is_callable, kept_waiting, reserve_and_commit, tell
from octane.orders.states import AttemptStatus, Event, OrderKind, OrderState
from octane.orders.wallet import pay_from_wallet, wallet_proof
from octane.risk.frozen import not_frozen
from octane.store.store import CommitUnknownError, until_settled
from octane.store.writes import Absent, Put, Write

MAX_ATTEMPTS = 99
CALL_MS = 15_000
"""Longer than any call to a channel waits: then it has ended, whatever came of it."""
ENDED = frozenset({AttemptStatus.REFUSED, AttemptStatus.CLOSED})
DESCRIPTIONS = {OrderKind.CARD: "加油卡充值", OrderKind.WALLET: "余额充值", OrderKind.BILL: "生活缴费"}
"""What the channel shows to the payer."""


class StartedPayment(NamedTuple):
    dossier: Dossier
    attempt: Attempt
    parameters: dict[str, str]
    """What the customer's app needs to pay; nothing when the wallet has paid."""


def pay_order(
    deps: Deps, caller: Caller, order_id: str, choice: Choice, key: str, step_up_id: str = ""
) -> StartedPayment:
    """Open an attempt (or continue the open one) and return what the customer's app needs.

    Three AWS calls and one channel call; a replay of a prepared attempt needs one AWS call. What routing
    knows is read apart, once in some seconds for all payments of a process.
    """
    return until_settled(lambda: _pay(deps, caller, order_id, choice, key, step_up_id))


def _pay(
    deps: Deps, caller: Caller, order_id: str, choice: Choice, key: str, step_up_id: str
) -> StartedPayment:
    dossier = own_order(deps, caller, order_id)
    check(choice, caller, dossier)
    mine = [attempt for attempt in dossier.attempts if attempt.request_key == _short(key)]
    replayed = _replayed(mine, choice)
    if replayed is not None and (replayed.reference or replayed.method is PaymentMethod.WALLET_BALANCE):
        return StartedPayment(dossier, replayed, _parameters(deps, replayed))
    _must_be_payable(deps, dossier)
    open_attempt = dossier.open_attempt
    if open_attempt is not None:
        is_same = _is_same(open_attempt, choice)
        if is_same and not _is_stuck(deps, open_attempt, choice):
            return _continue(deps, caller, dossier, open_attempt)
        try:
            dossier = _released(deps, dossier, open_attempt)
        except (ChannelSilentError, PaymentInProgressError) as refusal:
            if is_same:  # it is alive and does not let go, so it may as well go on
                return _continue(deps, caller, dossier, open_attempt)
            raise PaymentUnknownError if isinstance(refusal, ChannelSilentError) else refusal from None
    # what this key has opened was proven then
    proof = (
        () if mine else wallet_proof(deps, caller, dossier.order, from_wallet(choice, dossier), step_up_id)
    )
    if choice.method is PaymentMethod.WALLET_BALANCE:
        allowed = not_frozen(caller.user_id, dossier.order.user_id)
        return _pay_from_wallet(deps, caller, dossier, choice, key, (*proof, *allowed))
    # who could not be reached has not been tried
    tried = [known.method.channel for known in mine if known.reference != NOT_SENT]
    return _start(deps, caller, dossier, choice, key, tried, proof)


def _replayed(mine: list[Attempt], choice: Choice) -> Attempt | None:
    """The attempt that this key opened last: a named way that was refused or closed answers its key for ever,
    one that never left may be tried again, and a routed one may go on elsewhere."""
    if not mine:
        return None
    if mine[-1].request_digest != digest(choice):
        raise KeyReusedError
    if mine[-1].status not in ENDED:
        return mine[-1]
    if choice.method is not None and mine[-1].reference != NOT_SENT:
        raise PaymentRefusedError("This attempt ended without a payment; send a new key to try again.")
    return None


def _must_be_payable(deps: Deps, dossier: Dossier) -> None:
    order = dossier.order
    if order.state not in {OrderState.PENDING, OrderState.PAYING}:
        raise OrderStateError(f"An order that is {order.state} cannot be paid.")
    if deps.clock.now() >= order.expires_at:
        raise OrderStateError("The time to pay this order is over; place a new one.")


def _is_same(attempt: Attempt, choice: Choice) -> bool:
    """Whether the open attempt is what is asked for."""
    asked = attempt.method is choice.method if choice.method else attempt.platform == choice.platform
    return asked and attempt.wallet == choice.wallet


def _is_stuck(deps: Deps, attempt: Attempt, choice: Choice) -> bool:
    """A routed attempt that got no answer to its first call is given up for another channel, if it can be
    closed. Whoever asks again meanwhile does not put that off."""
    over = deps.clock.now() >= later(attempt.started_at, CALL_MS)
    return over and attempt.status is AttemptStatus.STARTED and choice.method is None


def _released(deps: Deps, dossier: Dossier, attempt: Attempt) -> Dossier:
    """End the open attempt with the channel's word that it takes nothing any more.

    Raises `ChannelSilentError` or `PaymentInProgressError` without that word, and `PaymentUnknownError` when
    the channel must not be waited for again.
    """
    if not is_callable(deps, attempt.method.channel):
        raise PaymentUnknownError
    began = deps.clock.now()
    try:
        released = release_attempt(deps, dossier, attempt)
    except ChannelSilentError:
        if kept_waiting(deps, attempt, deps.clock.now() - began):
            raise PaymentUnknownError from None
        raise
    _must_be_payable(deps, released)
    return released


def _pay_from_wallet(
    deps: Deps, caller: Caller, dossier: Dossier, choice: Choice, key: str, proof: tuple[Write, ...]
) -> StartedPayment:
    """Take all of it from the balance: one transaction, and the order goes straight to its recharge."""
    attempt = _attempt(deps, dossier, Chosen(PaymentMethod.WALLET_BALANCE), choice, key, "", _person(caller))
    paid_dossier, paid = pay_from_wallet(deps, dossier, attempt, (*proof, _noted(caller, attempt)))
    return StartedPayment(paid_dossier, paid, {})


def _start(
    deps: Deps,
    caller: Caller,
    dossier: Dossier,
    choice: Choice,
    key: str,
    tried: list[ChannelName],
    proof: tuple[Write, ...],
) -> StartedPayment:
    """Try the named method, or one channel after the other until one holds the trade."""
    while True:
        dossier, attempt = _open_attempt(deps, caller, dossier, choice, key, tried, proof)
        proof = ()
        outcome, latency_ms = _prepare(deps, dossier, attempt)
        if isinstance(outcome, Prepared):
            return _prepared(deps, dossier, attempt, outcome, latency_ms)
        if isinstance(outcome, Unknown):
            raise PaymentUnknownError
        ended, writes = end_unpaid(
            dossier.order, attempt, AttemptStatus.REFUSED, deps.clock.now(), outcome.code
        )
        deps.store.commit(*writes)
        if choice.method is not None:
            if outcome.code == NOT_SENT:
                raise ChannelUnavailableError
            raise PaymentRefusedError(f"{PaymentRefusedError.summary} ({outcome.code})")
        dossier, tried = with_attempt(dossier, ended), [*tried, attempt.method.channel]


def _continue(deps: Deps, caller: Caller, dossier: Dossier, attempt: Attempt) -> StartedPayment:
    """Go on with the open attempt. A second call of it proves nothing by a refusal: the first may have taken
    effect."""
    if attempt.status is AttemptStatus.PREPARED:
        return StartedPayment(dossier, attempt, _parameters(deps, attempt))
    if not is_callable(deps, attempt.method.channel):
        raise PaymentUnknownError
    called = attempt._replace(called_at=deps.clock.now())
    deps.store.commit(change_attempt(attempt, called), *not_frozen(caller.user_id, dossier.order.user_id))
    outcome, latency_ms = _prepare(deps, dossier, called)
    if isinstance(outcome, Prepared):
        return _prepared(deps, dossier, called, outcome, latency_ms)
    if isinstance(outcome, Refused) and outcome.code == NOT_SENT:
        raise ChannelUnavailableError
    raise PaymentUnknownError


def _attempt(
    deps: Deps, dossier: Dossier, chosen: Chosen, choice: Choice, key: str, payer_id: str, started_by: str
) -> Attempt:
    order = dossier.order
    if order.attempt_no >= MAX_ATTEMPTS:
        raise OrderStateError("This order was tried too often; place a new one.")
    wallet = from_wallet(choice, dossier)
    return Attempt(
        order_id=order.order_id,
        no=order.attempt_no + 1,
        method=chosen.method,
        status=AttemptStatus.STARTED,
        amount=Fen(order.payable - wallet),
        payer_id=payer_id,
        request_key=_short(key),
        request_digest=digest(choice),
        started_at=deps.clock.now(),
        expires_at=order.expires_at,
        platform=choice.platform,
        wallet=wallet,
        sub_merchant=order.sub_merchant,
        started_by=started_by,
    )


def _person(caller: Caller) -> str:
    """Who acts for an enterprise: nobody reviews what they paid (OR10)."""
    return caller.user_id if caller.enterprise_id else ""


def _noted(caller: Caller, attempt: Attempt) -> Write:
    """The act of paying, once for each attempt."""
    once, method = attempt.out_trade_no, attempt.method.value
    return record(act_of(caller, "pay_order", attempt.order_id, once, attempt.started_at, reason=method))


def _open_attempt(
    deps: Deps,
    caller: Caller,
    dossier: Dossier,
    choice: Choice,
    key: str,
    tried: Iterable[ChannelName],
    proof: tuple[Write, ...],
) -> tuple[Dossier, Attempt]:
    """Store the attempt and move the order to PAYING, before anybody outside hears of it: with the routing
    decision, the quota and the wallet's part in the same transaction."""
    order, now = dossier.order, deps.clock.now()
    for chosen in choose(deps, caller, order, choice.method, choice.platform, choice.wallet, tried):
        payer_id = payer_of(caller, chosen.method)
        attempt = _attempt(deps, dossier, chosen, choice, key, payer_id, _person(caller))
        paying = order._replace(
            state=OrderState.PAYING,
            attempt_no=attempt.no,
            checks=0,
            due_at=first_query_at(deps, order.expires_at),
        )
        moved, writes = advance(
            order, paying, Event.PAYMENT_STARTED, at=now, by="customer", because=attempt.out_trade_no
        )
        writes += (*hold_wallet(order.user_id, attempt.out_trade_no, attempt.wallet), *proof)
        writes += (*not_frozen(caller.user_id, order.user_id), _noted(caller, attempt))
        stored = reserve_and_commit(
            deps,
            attempt,
            chosen,
            writes,
            lambda known: Put(attempt_key(known.order_id, known.no), item_of(known), when=Absent()),
        )
        if stored is not None:
            return Dossier(moved, (*dossier.attempts, stored), dossier.refunds), stored
    raise ChannelUnavailableError("No channel can take this payment now; try again later.")


def first_query_at(deps: Deps, expires_at: Instant) -> Instant:
    return min(later(deps.clock.now(), deps.settings.payment_query_ms), expires_at)


def _prepare(deps: Deps, dossier: Dossier, attempt: Attempt) -> tuple[Prepared | Refused | Unknown, int]:
    """Call the channel, once; return its answer and the milliseconds that it took."""
    request = PaymentRequest(
        trade=attempt.trade,
        method=attempt.method,
        amount=attempt.amount,
        description=DESCRIPTIONS[dossier.order.kind],
        payer_id=attempt.payer_id or None,
    )
    began = deps.clock.now()
    outcome = deps.channel_of(attempt.method.channel).prepare(request)
    latency_ms = deps.clock.now() - began
    if not isinstance(outcome, Prepared):
        tell(deps, attempt, outcome, latency_ms)
    if isinstance(outcome, Unknown):
        deps.signals.count("PaymentUnknown", order_id=attempt.order_id)
    return outcome, latency_ms


def _prepared(
    deps: Deps, dossier: Dossier, old: Attempt, answer: Prepared, latency_ms: int
) -> StartedPayment:
    """Store the channel's answer, unless somebody (a callback, a second tap) has moved the attempt
    meanwhile; then, once for the attempt, count the success."""
    attempt = old._replace(status=AttemptStatus.PREPARED, reference=answer.reference)
    try:
        deps.store.commit(change_attempt(old, attempt))
    except CommitUnknownError:  # once more: if it is there, this meets it and all is read again
        deps.store.commit(change_attempt(old, attempt))
    tell(deps, attempt, answer, latency_ms)
    return StartedPayment(with_attempt(dossier, attempt), attempt, _parameters(deps, attempt))


def _parameters(deps: Deps, attempt: Attempt) -> dict[str, str]:
    """Sign for the client from what is stored, so that every replay gets the same words."""
    if attempt.method is PaymentMethod.WALLET_BALANCE:
        return {}
    nonce = derive_id("N", attempt.out_trade_no)
    return deps.channel_of(attempt.method.channel).client_parameters(
        attempt.method, attempt.reference, attempt.started_at // 1000, nonce
    )


def _short(key: str) -> str:
    """A client's key may be 255 characters; the attempt keeps a digest of it."""
    return derive_id("K", key)
