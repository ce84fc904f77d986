"""What an order is asked for: the requests, what each needs read, and the order that comes of it (OR1, OR9).

Everything is read by the one batch of `place_order`. Nobody is asked whether a bill is still owed: its biller
refuses what is not, and that is refunded. What only some orders need (bills, coupons, stations) is loaded by
those.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from octane.cards.cards import CardNotFoundError, card_key, card_of
from octane.issuers.cards import check_offered
from octane.kernel.clock import Instant
from octane.kernel.ids import digest_of
from octane.kernel.money import Fen, fen, format_yuan
from octane.kernel.settings import Settings
from octane.orders.model import Order
from octane.orders.risking import AmountOverLimitError
from octane.orders.states import OrderKind
from octane.store.items import Item, Key, Value

if TYPE_CHECKING:
    from octane.billers.port import BillPart
    from octane.bills.plans import Plan
    from octane.coupons.holding import Coupon

MOST_BILLS = 20


class PlaceOrder(NamedTuple):
    """`amount` in fen: what the card receives; what the customer pays for it is less by its coupons."""

    card_id: str
    amount: int
    coupon_ids: tuple[str, ...] = ()
    station_id: str = ""


class PlaceWalletTopUp(NamedTuple):
    """`amount` in fen."""

    amount: int
    coupon_ids: tuple[str, ...] = ()
    """Always none: a coupon must not turn into a balance."""


class PlaceBillOrder(NamedTuple):
    """Bills of one account, or so many instalments of a plan."""

    bill_account_id: str
    parts: tuple["BillPart", ...] = ()
    plan_id: str = ""
    instalments: int = 0
    coupon_ids: tuple[str, ...] = ()


Wanted: TypeAlias = PlaceOrder | PlaceWalletTopUp | PlaceBillOrder


class Found(NamedTuple):
    """What was read, by key."""

    items: Mapping[tuple[Value, Value], Item]

    def at(self, key: Key) -> Item | None:
        return self.items.get((key.pk, key.sk))


class Filled(NamedTuple):
    """An order with all that it was asked for, and what it is to hold."""

    order: Order
    card_tag: str = ""
    coupons: tuple["Coupon", ...] = ()
    plan: "Plan | None" = None


def kind_of(wanted: Wanted) -> OrderKind:
    match wanted:
        case PlaceOrder():
            return OrderKind.CARD
        case PlaceWalletTopUp():
            return OrderKind.WALLET
        case PlaceBillOrder():
            return OrderKind.BILL


def check(wanted: Wanted, settings: Settings) -> None:
    """Refuse what can be refused without reading anything.

    Raises `AmountInvalidError`, `AmountOverLimitError`, `BillsInvalidError`, `CouponNotApplicableError`.
    """
    if wanted.coupon_ids:
        from octane.coupons.holding import must_be_few  # noqa: PLC0415

        must_be_few(wanted.coupon_ids)
    if isinstance(wanted, PlaceBillOrder):
        from octane.orders import bills_wanted  # noqa: PLC0415

        bills_wanted.check(wanted, settings)
    else:
        within_limit(fen(wanted.amount), settings)


def digest(wanted: Wanted) -> str:
    """Of the request's words: another request under the same key is told apart by it."""
    match wanted:
        case PlaceOrder():
            words = {"coupons": list(wanted.coupon_ids), "station": wanted.station_id}
            more = {name: value for name, value in words.items() if value}
            return digest_of({"card_id": wanted.card_id, "amount": wanted.amount, **more})
        case PlaceWalletTopUp():
            return digest_of({"wallet": wanted.amount})
        case PlaceBillOrder():
            return digest_of(
                {
                    "bill_account_id": wanted.bill_account_id,
                    "bills": [[part.bill_no, int(part.amount)] for part in wanted.parts],
                    "plan": [wanted.plan_id, wanted.instalments],
                    "coupons": list(wanted.coupon_ids),
                }
            )


def keys_for(wanted: Wanted, account_id: str) -> list[Key]:
    """What to read: nothing is named twice."""
    keys: list[Key] = []
    if wanted.coupon_ids:
        from octane.coupons.holding import coupon_key  # noqa: PLC0415

        keys += [coupon_key(account_id, coupon_id) for coupon_id in wanted.coupon_ids]
    if isinstance(wanted, PlaceBillOrder):
        from octane.orders import bills_wanted  # noqa: PLC0415

        keys += bills_wanted.keys(wanted, account_id)
    if isinstance(wanted, PlaceOrder):
        keys.append(card_key(account_id, wanted.card_id))
        if wanted.station_id:
            from octane.stations.records import station_key  # noqa: PLC0415

            keys.append(station_key(wanted.station_id))
    return keys


def filled(order: Order, wanted: Wanted, found: Found, settings: Settings, now: Instant) -> Filled:
    """The order with what was read. Raises what says that something is missing, over or does not fit."""
    match wanted:
        case PlaceOrder():
            whole = _for_card(order, wanted, found, settings)
        case PlaceWalletTopUp():
            whole = Filled(order._replace(amount=fen(wanted.amount)))
        case PlaceBillOrder():
            from octane.orders import bills_wanted  # noqa: PLC0415

            whole = bills_wanted.filled(order, wanted, found, settings)
    return _with_coupons(whole, wanted.coupon_ids, found, now) if wanted.coupon_ids else whole


def within_limit(amount: Fen, settings: Settings) -> Fen:
    """Raises `AmountOverLimitError`."""
    if amount > settings.order_limit:
        raise AmountOverLimitError(f"One order is at most {format_yuan(settings.order_limit)} CNY.")
    return amount


def _for_card(order: Order, wanted: PlaceOrder, found: Found, settings: Settings) -> Filled:
    item = found.at(card_key(order.user_id, wanted.card_id))
    if item is None:
        raise CardNotFoundError
    card, amount = card_of(item), fen(wanted.amount)
    check_offered(card.issuer, amount, settings.issuer_step)
    whole = order._replace(
        amount=amount,
        card_id=card.card_id,
        card_number=card.number,
        card_masked=card.number_masked,
        issuer=card.issuer,
        holder_name=card.holder_name,
        holder_phone=card.holder_phone,
        sub_merchant=_collector(wanted.station_id, found) if wanted.station_id else "",
    )
    return Filled(whole, card.tag)


def _collector(station_id: str, found: Found) -> str:
    """Whom a station collects for (ST3). Raises `StationNotFoundError`, also for one that is closed."""
    from octane.stations.model import StationNotFoundError  # noqa: PLC0415
    from octane.stations.records import station_key, station_of  # noqa: PLC0415

    item = found.at(station_key(station_id))
    station = None if item is None else station_of(item)
    if station is None or station.closed:
        raise StationNotFoundError
    return station.sub_merchant


def _with_coupons(whole: Filled, coupon_ids: tuple[str, ...], found: Found, now: Instant) -> Filled:
    from octane.coupons import holding  # noqa: PLC0415

    order = whole.order
    items = [found.at(holding.coupon_key(order.user_id, coupon_id)) for coupon_id in coupon_ids]
    coupons = tuple(holding.coupon_of(item) for item in items if item is not None)
    if len(coupons) < len(items):
        raise holding.CouponNotFoundError
    discount = holding.discount_of(coupons, order.kind.value, order.amount, now)
    discounted = order._replace(coupons=" ".join(coupon_ids), discount=discount)
    return whole._replace(order=discounted, coupons=coupons)
