"""How payments use routing (PY5, PY6): ways to pay in the order to try them, the quota in the attempt's own
transaction, and what calls showed told back."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from octane.channels.port import (
    NOT_SENT,
    ChannelName,
    ChannelUnavailableError,
    PaymentMethod,
    Prepared,
    Refused,
    Unknown,
)
from octane.kernel.caller import Caller
from octane.kernel.money import Fen
from octane.orders.deps import Deps
from octane.orders.model import Attempt, Order
from octane.routing.decisions import Decision, Outcome, RouteRequest
from octane.routing.quota import QuotaExhaustedError, Reservation
from octane.routing.rules import Platform
from octane.store.items import Key, Table
from octane.store.writes import Absent, Put, Update, Write

KEPT_WAITING_MS = 1_000
"""A call without an answer that took so long was a time-out; a broken connection costs nobody's time."""


class Chosen(NamedTuple):
    method: PaymentMethod
    decision: Decision | None = None
    """Why, when routing chose."""


def decision_key(order_id: str, no: int) -> Key:
    return Key(Table.ORDERS, order_id, f"ROUTE#{no:02d}")


def choose(
    deps: Deps,
    caller: Caller,
    order: Order,
    method: PaymentMethod | None,
    platform: str,
    wallet: Fen,
    tried: Iterable[ChannelName],
) -> Iterator[Chosen]:
    """The named method, or what routing finds; another each time that a quota has refused the one before.

    Raises `ChannelUnavailableError` for a named channel that is known to be sick: nothing was stored.
    """
    if method is not None:
        if not is_callable(deps, method.channel):
            raise ChannelUnavailableError
        deps.channel_of(method.channel)  # one that cannot be built must not get an attempt
        yield Chosen(method)
        return
    request = RouteRequest(
        attempt_no=f"{order.order_id}P{order.attempt_no + 1:02d}",
        platform=Platform(platform),
        amount=Fen(order.payable - wallet),
        payers=_payers(caller),
        tried=tuple(dict.fromkeys(tried)),
    )
    while True:
        decision = deps.router.decide(request)
        if decision.winner is None:
            return
        if not _is_built(deps, decision.winner.channel):
            request = request._replace(tried=(*request.tried, decision.winner.channel))
            continue
        yield Chosen(decision.winner, decision)
        request = request._replace(exhausted=(*request.exhausted, decision.winner.channel))


def _payers(caller: Caller) -> tuple[ChannelName, ...]:
    """The channel whose mini-program the caller is in. Who has both logins is taken to be in WeChat's: a
    payment starts only inside its own, and in Alipay's they can name the method."""
    if caller.openid:
        return (ChannelName.WECHAT,)
    return (ChannelName.ALIPAY,) if caller.alipay_id else ()


def _is_built(deps: Deps, channel: ChannelName) -> bool:
    """Whether there is a client of the channel: it takes a contract and its keys."""
    try:
        deps.channel_of(channel)
    except ChannelUnavailableError:
        deps.signals.count("ChannelUnconfigured", channel=channel.value)
        return False
    return True


def reserve_and_commit(
    deps: Deps,
    attempt: Attempt,
    chosen: Chosen,
    writes: tuple[Write, ...],
    put: Callable[[Attempt], Put],
) -> Attempt | None:
    """Commit a new attempt with its decision and the channel's quota; None when the quota has no room."""
    stored = attempt
    if chosen.decision is not None:
        text = deps.router.text_of(chosen.decision)
        key = decision_key(attempt.order_id, attempt.no)
        writes += (Put(key, {"decision": text}, when=Absent()),)

    def commit(reservation: Reservation | None, updates: tuple[Update, ...]) -> None:
        nonlocal stored
        stored = attempt._replace(quota=reservation.text if reservation else "")
        deps.store.commit(*writes, put(stored), *updates)

    try:
        deps.router.commit_reserved(attempt.method.channel, attempt.out_trade_no, attempt.amount, commit)
    except QuotaExhaustedError:
        deps.signals.count("QuotaExhausted", channel=attempt.method.channel.value)
        return None
    return stored


def is_callable(deps: Deps, channel: ChannelName) -> bool:
    """Whether the channel should be called: its circuit is closed, and this process saw no time-out just
    now."""
    return deps.router.may_call(channel)


def tell(deps: Deps, attempt: Attempt, outcome: Prepared | Refused | Unknown, latency_ms: int) -> None:
    """Report what the call showed of the channel: a refusal shows that it is well."""
    said = Outcome.OK
    if isinstance(outcome, Unknown):
        waited = outcome.no_answer and latency_ms >= KEPT_WAITING_MS
        said = Outcome.TIMEOUT if waited else Outcome.CHANNEL_ERROR
    elif isinstance(outcome, Refused) and outcome.code == NOT_SENT:
        said = Outcome.CHANNEL_ERROR
    deps.router.report(attempt.method.channel, attempt.out_trade_no, said, latency_ms)


def kept_waiting(deps: Deps, attempt: Attempt, latency_ms: int) -> bool:
    """Whether a call without an answer was a time-out; then everybody hears of it."""
    if latency_ms < KEPT_WAITING_MS:
        return False
    deps.router.report(attempt.method.channel, attempt.out_trade_no, Outcome.TIMEOUT, latency_ms)
    return True
