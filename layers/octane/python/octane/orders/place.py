"""Place an order (OR1, OR2, OR8, OR9)."""

from octane.audit.acts import act_of, record
from octane.kernel.caller import Caller
from octane.kernel.clock import later
from octane.kernel.errors import KeyReusedError, StateError
from octane.kernel.ids import derive_id
from octane.kernel.money import Fen
from octane.orders.deps import Deps
from octane.orders.model import Dossier, Order, OrderNotFoundError, OrderStateError, Step
from octane.orders.records import item_of, load, order_key, record_step
from octane.orders.risking import Given, clear
from octane.orders.states import Event, OrderKind, OrderState
from octane.orders.wanted import (
    Filled,
    Found,
    Wanted,
    check,
    digest,
    filled,
    keys_for,
    kind_of,
)
from octane.privacy.consent import consent_key, holds_in
from octane.privacy.purposes import Purpose
from octane.risk.counting import CardNotCalmError
from octane.risk.seen import tag_key
from octane.risk.sight import Asked, Sight, keys_of, read_place, sight_in
from octane.store.store import until_settled
from octane.store.writes import Absent, Put, Write

NOTHING_GIVEN = Given()
KEY_WORDS = {OrderKind.CARD: "", OrderKind.WALLET: "wallet ", OrderKind.BILL: "bills "}
"""A key names one order of one call of the API: the other calls do not know it."""


class _PlacedBeforeError(OrderStateError):
    """The key has made an order already; `place_order` answers with it."""


def place_order(
    deps: Deps,
    caller: Caller,
    wanted: Wanted,
    key: str,
    given: Given = NOTHING_GIVEN,
    word: str | None = None,
) -> Dossier:
    """Open an order in PENDING. The same key returns the same order; another body under it is
    `KeyReusedError`. `word`: the call that the key belongs to, when it is not the kind's own.

    Two AWS calls: one batch (what is wanted, and what risk knows), and one transaction (order, step, act,
    what it holds, the risk decision and its counts); two more when another account uses the card, or a list
    names it; one query instead of the transaction when what is wanted is taken. The order's id derives from
    the account and the key, so the transaction itself refuses the second order.

    Raises what `wanted.check` and `wanted.filled` raise, `CouponNotAvailableError`, `BillInPaymentError` or
    `PlanBusyError` when somebody was faster, and what `risking.clear` raises.
    """
    check(wanted, deps.settings)
    name = f"{KEY_WORDS[kind_of(wanted)] if word is None else word}{key}"
    order = _opened(deps, caller, wanted, name)
    return until_settled(lambda: _place(deps, caller, order, wanted, name, given))


def _opened(deps: Deps, caller: Caller, wanted: Wanted, name: str) -> Order:
    """The order as the request alone tells it: what it comes to is not known yet."""
    now = deps.clock.now()
    expires_at = later(now, deps.settings.order_ms)
    return Order(
        order_id=derive_id("T", caller.account_id, name),
        user_id=caller.account_id,
        state=OrderState.PENDING,
        version=1,
        amount=Fen(0),
        request_digest=digest(wanted),
        placed_at=now,
        expires_at=expires_at,
        kind=kind_of(wanted),
        due_at=expires_at,
        placed_by=caller.user_id if caller.enterprise_id else "",
    )


def _place(deps: Deps, caller: Caller, order: Order, wanted: Wanted, key: str, given: Given) -> Dossier:
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
    of_order = order_key(order.order_id)
    of_place = [consent_key(caller.user_id, Purpose.LOCATION)] if asked.place else []
    keys = [of_order, *keys_for(wanted, order.user_id), *of_place, *keys_of(asked)]
    found = Found({(item["pk"], item["sk"]): item for item in deps.store.batch_get(keys)})
    if found.at(of_order):  # also when its card was unbound since
        return _placed_before(deps, order)
    try:
        whole = filled(order, wanted, found, deps.settings, order.placed_at)
    except StateError as refusal:
        # a batch is no snapshot: it may have read the order before it was placed, and what it holds after
        try:
            return _placed_before(deps, order)
        except OrderNotFoundError:
            raise refusal from None
    asked = asked._replace(
        amount=whole.order.amount,
        card=whole.card_tag,
        subject=whole.order.card_id or whole.order.bill_account_id,
    )
    if not any(holds_in(found.at(key), Purpose.LOCATION) for key in of_place):
        asked = asked._replace(place=None)
    sight = sight_in(asked, found.items.values())
    try:
        return _stored(deps, caller, whole, key, given, asked, sight)
    except CardNotCalmError:
        known = deps.store.get(tag_key(asked.card)) or {}
        return _stored(deps, caller, whole, key, given, asked, sight._replace(card=known))


def _stored(
    deps: Deps, caller: Caller, whole: Filled, key: str, given: Given, asked: Asked, sight: Sight
) -> Dossier:
    """Store a new order with its first step, what it holds and all that risk counts; or return the one that
    the key has made."""
    cleared = clear(deps, caller, asked, sight, given, whole.order.placed_at)
    order = whole.order._replace(review=cleared.review)
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
    held: tuple[Write, ...] = ()
    if order.coupons or order.biller:
        from octane.orders.holdings import take  # noqa: PLC0415  loads what only such an order needs

        held = take(order, whole.coupons, whole.plan, order.placed_at)
    act = act_of(caller, "place_order", order.order_id, key, order.placed_at, after=order.request_digest)
    try:
        deps.store.commit(
            Put(order_key(order.order_id), item_of(order), when=Absent(), otherwise=_PlacedBeforeError()),
            record_step(step),
            *held,
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
