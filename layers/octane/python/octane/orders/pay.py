"""Start a payment (PY1, PY6): the attempt is stored before the channel is called, under a number that never
changes."""

from typing import NamedTuple

from octane.channels.port import PaymentMethod, PaymentRequest, Prepared, Refused
from octane.kernel.caller import Caller
from octane.kernel.clock import Instant, later
from octane.kernel.errors import InputError, KeyReusedError, OctaneError, StateError, UnavailableError
from octane.kernel.ids import derive_id, digest_of
from octane.orders.access import own_order
from octane.orders.deps import Deps
from octane.orders.model import Attempt, Dossier, OrderStateError
from octane.orders.records import advance, attempt_key, change_attempt, item_of
from octane.orders.states import AttemptStatus, Event, OrderState
from octane.store.store import until_settled
from octane.store.writes import Absent, Put

NOT_SENT = "NOT_SENT"
MAX_ATTEMPTS = 99


class PayerMissingError(InputError):
    code = "PAYER_MISSING"
    summary = "Paying inside WeChat needs an account that logged in through WeChat."


class PaymentInProgressError(StateError):
    code = "PAYMENT_IN_PROGRESS"
    summary = "Another payment of this order is open; finish it, or cancel the order."


class PaymentRefusedError(OctaneError):
    """Definite: the channel took nothing, and the order can be paid again."""

    code = "PAYMENT_REFUSED"
    status = 422
    summary = "The payment channel refused; nothing was taken, choose another way to pay."


class ChannelUnavailableError(UnavailableError):
    """Nothing left us; the same request may be sent again."""

    code = "CHANNEL_UNAVAILABLE"


class PaymentUnknownError(UnavailableError):
    """The channel may hold the trade; the same request, sent again, continues it under the same number."""

    code = "PAYMENT_UNKNOWN"
    status = 504
    summary = "The payment channel did not answer in time; send the same request again."


class StartedPayment(NamedTuple):
    dossier: Dossier
    attempt: Attempt
    parameters: dict[str, str]
    """What the customer's app needs to pay."""


def pay_order(deps: Deps, caller: Caller, order_id: str, method: PaymentMethod, key: str) -> StartedPayment:
    """Open an attempt (or continue the open one) and return what the customer's app needs.

    Three AWS calls and one channel call; a replay of a prepared attempt needs one AWS call.
    """
    return until_settled(lambda: _pay(deps, caller, order_id, method, key))


def _pay(deps: Deps, caller: Caller, order_id: str, method: PaymentMethod, key: str) -> StartedPayment:
    dossier = own_order(deps, caller, order_id)
    if method is PaymentMethod.WECHAT_JSAPI and not caller.openid:
        raise PayerMissingError
    digest = digest_of({"method": method.value})
    replayed = _replayed(dossier, key, digest)
    if replayed is not None and replayed.reference:
        return StartedPayment(dossier, replayed, _parameters(deps, replayed))
    _must_be_payable(deps, dossier)
    attempt = dossier.open_attempt
    is_first_call = attempt is None
    if attempt is None:
        dossier, attempt = _open_attempt(deps, dossier, method, caller.openid, key, digest)
    elif attempt.method is not method:
        raise PaymentInProgressError
    if attempt.status is AttemptStatus.STARTED:
        if not is_first_call:
            called = attempt._replace(called_at=deps.clock.now())
            dossier, attempt = _saved(deps, dossier, attempt, called)
        dossier, attempt = _prepare(deps, dossier, attempt, is_first_call=is_first_call)
    return StartedPayment(dossier, attempt, _parameters(deps, attempt))


def _replayed(dossier: Dossier, key: str, digest: str) -> Attempt | None:
    """The attempt that this key opened: one that ended without a payment answers its key for ever."""
    for attempt in dossier.attempts:
        if attempt.request_key == _short(key):
            if attempt.request_digest != digest:
                raise KeyReusedError
            if attempt.status in {AttemptStatus.REFUSED, AttemptStatus.CLOSED}:
                raise PaymentRefusedError(
                    "This attempt ended without a payment; send a new key to try again."
                )
            return attempt
    return None


def _must_be_payable(deps: Deps, dossier: Dossier) -> None:
    order = dossier.order
    if order.state not in {OrderState.PENDING, OrderState.PAYING}:
        raise OrderStateError(f"An order that is {order.state} cannot be paid.")
    if deps.clock.now() >= order.expires_at:
        raise OrderStateError("The time to pay this order is over; place a new one.")


def _open_attempt(
    deps: Deps, dossier: Dossier, method: PaymentMethod, payer_id: str, key: str, digest: str
) -> tuple[Dossier, Attempt]:
    """Store the attempt and move the order to PAYING, before anybody outside hears of it."""
    order, now = dossier.order, deps.clock.now()
    if order.attempt_no == MAX_ATTEMPTS:
        raise OrderStateError("This order was tried too often; place a new one.")
    attempt = Attempt(
        order_id=order.order_id,
        no=order.attempt_no + 1,
        method=method,
        status=AttemptStatus.STARTED,
        amount=order.amount,
        payer_id=payer_id if method is PaymentMethod.WECHAT_JSAPI else "",
        request_key=_short(key),
        request_digest=digest,
        started_at=now,
        expires_at=order.expires_at,
    )
    paying = order._replace(
        state=OrderState.PAYING,
        attempt_no=attempt.no,
        checks=0,
        due_at=first_query_at(deps, order.expires_at),
    )
    order, writes = advance(
        order, paying, Event.PAYMENT_STARTED, at=now, by="customer", because=attempt.out_trade_no
    )
    deps.store.commit(*writes, Put(attempt_key(order.order_id, attempt.no), item_of(attempt), when=Absent()))
    return Dossier(order, (*dossier.attempts, attempt), dossier.refunds), attempt


def first_query_at(deps: Deps, expires_at: Instant) -> Instant:
    return min(later(deps.clock.now(), deps.settings.payment_query_ms), expires_at)


def _prepare(
    deps: Deps, dossier: Dossier, attempt: Attempt, *, is_first_call: bool
) -> tuple[Dossier, Attempt]:
    """Call the channel. A refusal proves that nothing was taken only if no other call of the attempt was
    made."""
    order = dossier.order
    request = PaymentRequest(
        trade=attempt.trade,
        method=attempt.method,
        amount=attempt.amount,
        description="加油卡充值",
        payer_id=attempt.payer_id or None,
    )
    answer = deps.channel.prepare(request)
    if isinstance(answer, Prepared):
        prepared = attempt._replace(status=AttemptStatus.PREPARED, reference=answer.reference)
        return _saved(deps, dossier, attempt, prepared)
    if isinstance(answer, Refused):
        if answer.code == NOT_SENT:
            raise ChannelUnavailableError
        if is_first_call:
            _saved(
                deps, dossier, attempt, attempt._replace(status=AttemptStatus.REFUSED, reference=answer.code)
            )
            raise PaymentRefusedError(f"{PaymentRefusedError.summary} ({answer.code})")
    deps.signals.count("PaymentUnknown", order_id=order.order_id)
    raise PaymentUnknownError


def _saved(deps: Deps, dossier: Dossier, old: Attempt, new: Attempt) -> tuple[Dossier, Attempt]:
    """Store the channel's answer, unless somebody (a callback, a second tap) has moved the attempt
    meanwhile."""
    deps.store.commit(change_attempt(old, new))
    attempts = tuple(new if known.no == new.no else known for known in dossier.attempts)
    return Dossier(dossier.order, attempts, dossier.refunds), new


def _parameters(deps: Deps, attempt: Attempt) -> dict[str, str]:
    """Sign for the client from what is stored, so that every replay gets the same words."""
    nonce = derive_id("N", attempt.out_trade_no)
    return deps.channel.client_parameters(
        attempt.method, attempt.reference, attempt.started_at // 1000, nonce
    )


def _short(key: str) -> str:
    """A client's key may be 255 characters; the attempt keeps a digest of it."""
    return derive_id("K", key)
