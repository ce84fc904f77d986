"""Place an order (OR1, OR2, OR8)."""

from typing import NamedTuple

from octane.cards.cards import Card, CardNotFoundError, get_card
from octane.issuers.cards import check_offered
from octane.kernel.caller import Caller
from octane.kernel.clock import Instant, later
from octane.kernel.errors import AmountInvalidError, KeyReusedError, TooManyError
from octane.kernel.ids import derive_id, digest_of
from octane.kernel.money import Fen, fen, format_yuan
from octane.orders.deps import Deps
from octane.orders.model import Dossier, Order, OrderNotFoundError, OrderStateError, Step
from octane.orders.records import item_of, load, order_key, record_step
from octane.orders.states import Event, OrderKind, OrderState
from octane.store.items import Key, Table
from octane.store.writes import Absent, AtMost, Put, Update, any_of

HOUR_MS = 3_600_000


class AmountOverLimitError(AmountInvalidError):
    code = "AMOUNT_OVER_LIMIT"
    summary = "The amount is over the limit of one order."


class TooManyOrdersError(TooManyError):
    code = "TOO_MANY_ORDERS"
    summary = "Too many orders within the hour; try again later."


class _PlacedBeforeError(OrderStateError):
    """The key has made an order already; `place_order` answers with it."""


class PlaceOrder(NamedTuple):
    """`amount` in fen: what the card receives and what the customer pays."""

    card_id: str
    amount: int


def place_order(deps: Deps, caller: Caller, request: PlaceOrder, key: str) -> Dossier:
    """Open an order in PENDING. The same key returns the same order; another body under it is
    `KeyReusedError`.

    Two AWS calls: the card, and one transaction (order, step, hourly count). The order's id derives from the
    person and the key, so the transaction itself refuses the second order.
    """
    amount = _allowed(deps, request.amount)
    order_id = derive_id("T", caller.user_id, key)
    digest = digest_of({"card_id": request.card_id, "amount": amount})
    try:
        card = get_card(deps.store, caller.user_id, request.card_id)
    except CardNotFoundError:
        return _placed_with_a_card_that_is_gone(deps, order_id, digest)
    check_offered(card.issuer, amount, deps.settings.issuer_step)
    return _stored(deps, _open(deps, caller, card, amount, order_id, digest, deps.clock.now()), key)


def place_wallet_top_up(deps: Deps, caller: Caller, amount_fen: int, key: str) -> Dossier:
    """Open an order that fills the caller's own balance: paid and delivered like any other (PY4).

    One AWS call: the transaction.
    """
    amount = _allowed(deps, amount_fen)
    order_id = derive_id("T", caller.user_id, f"wallet {key}")
    now = deps.clock.now()
    order = Order(
        order_id=order_id,
        user_id=caller.user_id,
        state=OrderState.PENDING,
        version=1,
        amount=amount,
        request_digest=digest_of({"wallet": amount}),
        placed_at=now,
        expires_at=later(now, deps.settings.order_ms),
        kind=OrderKind.WALLET,
        due_at=later(now, deps.settings.order_ms),
    )
    return _stored(deps, order, key)


def _allowed(deps: Deps, amount_fen: int) -> Fen:
    amount = fen(amount_fen)
    if amount > deps.settings.order_limit:
        raise AmountOverLimitError(f"One order is at most {format_yuan(deps.settings.order_limit)} CNY.")
    return amount


def _stored(deps: Deps, order: Order, key: str) -> Dossier:
    """Store a new order with its first step and count it; or return the one that the key has made."""
    step = Step(
        order_id=order.order_id,
        user_id=order.user_id,
        no=order.version,
        target=order.state,
        event=Event.ORDER_PLACED,
        at=order.placed_at,
        by="customer",
        because=key,
    )
    try:
        deps.store.commit(
            Put(order_key(order.order_id), item_of(order), when=Absent(), otherwise=_PlacedBeforeError()),
            record_step(step),
            _count_order(order.user_id, deps.settings.orders_per_hour, order.placed_at),
        )
    except _PlacedBeforeError:
        return _placed_before(deps, order.order_id, order.request_digest)
    return Dossier(order, steps=(step,))


def _placed_before(deps: Deps, order_id: str, digest: str) -> Dossier:
    placed = load(deps.store, order_id)
    if placed.order.request_digest != digest:
        raise KeyReusedError
    return placed


def _placed_with_a_card_that_is_gone(deps: Deps, order_id: str, digest: str) -> Dossier:
    """The key answers with its order even when the card was unbound since."""
    try:
        return _placed_before(deps, order_id, digest)
    except OrderNotFoundError:
        raise CardNotFoundError from None


def _open(
    deps: Deps, caller: Caller, card: Card, amount: Fen, order_id: str, digest: str, now: Instant
) -> Order:
    expires_at = later(now, deps.settings.order_ms)
    return Order(
        order_id=order_id,
        user_id=caller.user_id,
        state=OrderState.PENDING,
        version=1,
        amount=amount,
        card_id=card.card_id,
        card_number=card.number,
        issuer=card.issuer,
        holder_name=card.holder_name,
        holder_phone=card.holder_phone,
        request_digest=digest,
        placed_at=now,
        expires_at=expires_at,
        due_at=expires_at,
    )


def _count_order(user_id: str, limit: int, now: Instant) -> Update:
    """Count the order within the person's hour, in the order's own transaction: a replay is not counted
    (GW3)."""
    hour = now // HOUR_MS
    return Update(
        Key(Table.IDENTITY, user_id, f"RATE#place_order#{hour}"),
        when=any_of(Absent(), AtMost("orders", limit - 1)),
        assign={"ttl": (hour + 2) * HOUR_MS // 1000},
        add={"orders": 1},
        otherwise=TooManyOrdersError(),
    )
