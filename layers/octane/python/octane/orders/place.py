"""Place an order (OR1, OR2, OR8)."""

from collections.abc import Mapping
from typing import NamedTuple

from octane.audit.acts import act_of, record
from octane.cards.cards import Card, CardNotFoundError, card_key, card_of
from octane.issuers.cards import check_offered
from octane.kernel.caller import Caller
from octane.kernel.clock import later
from octane.kernel.errors import KeyReusedError
from octane.kernel.ids import derive_id, digest_of
from octane.kernel.money import Fen, fen, format_yuan
from octane.orders.deps import Deps
from octane.orders.model import Dossier, Order, OrderStateError, Step
from octane.orders.records import item_of, load, order_key, record_step
from octane.orders.risking import AmountOverLimitError, Given, clear
from octane.orders.states import Event, OrderKind, OrderState
from octane.privacy.consent import consent_key, holds_in
from octane.privacy.purposes import Purpose
from octane.risk.counting import CardNotCalmError
from octane.risk.seen import tag_key
from octane.risk.sight import Asked, Sight, keys_of, read_place, sight_in
from octane.store.items import Item, Value
from octane.store.store import until_settled
from octane.store.writes import Absent, Put

NOTHING_GIVEN = Given()


class _PlacedBeforeError(OrderStateError):
    """The key has made an order already; `place_order` answers with it."""


class PlaceOrder(NamedTuple):
    """`amount` in fen: what the card receives and what the customer pays."""

    card_id: str
    amount: int


def place_order(
    deps: Deps, caller: Caller, request: PlaceOrder, key: str, given: Given = NOTHING_GIVEN
) -> Dossier:
    """Open an order in PENDING. The same key returns the same order; another body under it is
    `KeyReusedError`.

    Two AWS calls: one batch (card, and what risk knows), and one transaction (order, step, act, the risk
    decision and its counts); two more when another account uses the card, or a list names it. The order's id
    derives from the account and the key, so the transaction itself refuses the second order.

    Raises `CardNotFoundError`, `AmountOverLimitError`, `AmountNotOfferedError`, and what `risking.clear`
    raises.
    """
    amount = _allowed(deps, request.amount)
    order = _opened(
        deps,
        caller,
        derive_id("T", caller.account_id, key),
        OrderKind.CARD,
        amount,
        digest_of({"card_id": request.card_id, "amount": amount}),
    )
    return until_settled(lambda: _place(deps, caller, order._replace(card_id=request.card_id), key, given))


def place_wallet_top_up(
    deps: Deps, caller: Caller, amount_fen: int, key: str, given: Given = NOTHING_GIVEN
) -> Dossier:
    """Open an order that fills the caller's own balance: placed, paid and delivered like any other (PY4)."""
    amount = _allowed(deps, amount_fen)
    order_id = derive_id("T", caller.account_id, f"wallet {key}")
    digest = digest_of({"wallet": amount})
    order = _opened(deps, caller, order_id, OrderKind.WALLET, amount, digest)
    return until_settled(lambda: _place(deps, caller, order, key, given))


def _allowed(deps: Deps, amount_fen: int) -> Fen:
    amount = fen(amount_fen)
    if amount > deps.settings.order_limit:
        raise AmountOverLimitError(f"One order is at most {format_yuan(deps.settings.order_limit)} CNY.")
    return amount


def _opened(deps: Deps, caller: Caller, order_id: str, kind: OrderKind, amount: Fen, digest: str) -> Order:
    now = deps.clock.now()
    expires_at = later(now, deps.settings.order_ms)
    return Order(
        order_id=order_id,
        user_id=caller.account_id,
        state=OrderState.PENDING,
        version=1,
        amount=amount,
        request_digest=digest,
        placed_at=now,
        expires_at=expires_at,
        kind=kind,
        due_at=expires_at,
        placed_by=caller.user_id if caller.enterprise_id else "",
    )


def _place(deps: Deps, caller: Caller, order: Order, key: str, given: Given) -> Dossier:
    asked = Asked(
        order.order_id,
        order.kind.value,
        order.amount,
        caller.user_id,
        caller.account_id,
        caller.device,
        caller.ip,
        read_place(given.place),
    )
    of_order, of_card = order_key(order.order_id), card_key(order.user_id, order.card_id)
    of_place = [consent_key(caller.user_id, Purpose.LOCATION)] if asked.place else []
    keys = [of_order, *([of_card] if order.card_id else []), *of_place, *keys_of(asked)]
    items = {(item["pk"], item["sk"]): item for item in deps.store.batch_get(keys)}
    if (of_order.pk, of_order.sk) in items:  # also when its card was unbound since
        return _placed_before(deps, order)
    if order.kind is OrderKind.CARD:
        card = _card(items, order)
        check_offered(card.issuer, order.amount, deps.settings.issuer_step)
        order, asked = _for_card(order, card), asked._replace(card=card.tag, card_id=card.card_id)
    if not any(holds_in(items.get((key.pk, key.sk)), Purpose.LOCATION) for key in of_place):
        asked = asked._replace(place=None)
    sight = sight_in(asked, items.values())
    try:
        return _stored(deps, caller, order, key, given, asked, sight)
    except CardNotCalmError:
        known = deps.store.get(tag_key(asked.card)) or {}
        return _stored(deps, caller, order, key, given, asked, sight._replace(card=known))


def _card(items: Mapping[tuple[Value, Value], Item], order: Order) -> Card:
    key = card_key(order.user_id, order.card_id)
    item = items.get((key.pk, key.sk))
    if item is None:
        raise CardNotFoundError
    return card_of(item)


def _for_card(order: Order, card: Card) -> Order:
    return order._replace(
        card_number=card.number,
        card_masked=card.number_masked,
        issuer=card.issuer,
        holder_name=card.holder_name,
        holder_phone=card.holder_phone,
    )


def _stored(
    deps: Deps, caller: Caller, order: Order, key: str, given: Given, asked: Asked, sight: Sight
) -> Dossier:
    """Store a new order with its first step and all that risk counts; or return the one that the key has
    made."""
    cleared = clear(deps, caller, asked, sight, given, order.placed_at)
    order = order._replace(review=cleared.review)
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
    act = act_of(caller, "place_order", order.order_id, key, order.placed_at, after=order.request_digest)
    try:
        deps.store.commit(
            Put(order_key(order.order_id), item_of(order), when=Absent(), otherwise=_PlacedBeforeError()),
            record_step(step),
            *cleared.writes,
            record(act),
        )
    except _PlacedBeforeError:
        return _placed_before(deps, order)
    return Dossier(order, steps=(step,))


def _placed_before(deps: Deps, order: Order) -> Dossier:
    placed = load(deps.store, order.order_id)
    if placed.order.request_digest != order.request_digest:
        raise KeyReusedError
    return placed
