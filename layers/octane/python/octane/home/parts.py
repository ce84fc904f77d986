"""What the first screen is made of, each part read from what the tables gave (GW7). Pure values."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from octane.coupons.holding import Coupon, CouponState, coupon_of
from octane.kernel.clock import Instant
from octane.orders.model import Order
from octane.orders.records import record_of
from octane.orders.states import TERMINAL
from octane.stations.model import DEGREE, Place
from octane.stations.posted import PostedPrice, posted_prices
from octane.store.items import BY_USER, Item, Key, Query, Table

if TYPE_CHECKING:
    from octane.stations.cells import NearStation

SOON = 3
"""Coupons that are shown: those that end first."""
COUNTED_COUPONS = 100
"""So many of a person's coupons are looked at: who keeps more finds the others in their list."""
NEWEST_ORDERS = 10
"""Running orders are looked for among these: who has more under way finds the others in the list."""
NEAREST = 3


class Neighbourhood(Protocol):
    """octane.stations.cells. Pure, but its import is dear: only who says where they are pays for it."""

    def cells_around(self, lat: float, lon: float) -> list[Key]: ...

    def stations_in(
        self, items: Iterable[Item], lat: float, lon: float, limit: int
    ) -> "list[NearStation]": ...


class Coupons(NamedTuple):
    available: int
    soon: tuple[Coupon, ...]


class Nearby(NamedTuple):
    station_id: str
    name: str
    metres: int
    """Through the air."""
    prices: tuple[PostedPrice, ...]


def coupons_asked(account_id: str) -> Query:
    return Query(Table.COUPONS, f"USER#{account_id}", "COUPON#", "COUPON~", limit=COUNTED_COUPONS)


def orders_asked(account_id: str) -> Query:
    return Query(Table.ORDERS, account_id, index=BY_USER, newest_first=True, limit=NEWEST_ORDERS)


def usable_coupons(items: Iterable[Item], now: Instant) -> Coupons:
    """What could be held now, and of these what ends first."""
    usable = sorted(
        (coupon for coupon in map(coupon_of, items) if _is_usable(coupon, now)),
        key=lambda coupon: (coupon.valid_until, coupon.coupon_id),
    )
    return Coupons(len(usable), tuple(usable[:SOON]))


def _is_usable(coupon: Coupon, now: Instant) -> bool:
    free = coupon.state is CouponState.AVAILABLE or (coupon.state is CouponState.RETURNED and coupon.returns)
    return free and coupon.valid_from <= now < coupon.valid_until


def running_orders(items: Iterable[Item]) -> tuple[Order, ...]:
    """Those that are not over, in the order of the items."""
    orders = (record_of(Order, item) for item in items)
    return tuple(order for order in orders if order.state not in TERMINAL)


def nearby_stations(
    neighbourhood: Neighbourhood,
    place: Place,
    cells: Iterable[Item],
    prices: Item | None,
    now: Instant,
    stale_ms: int,
) -> tuple[Nearby, ...]:
    """The nearest stations that the cells hold, with their own prices."""
    stations = neighbourhood.stations_in(cells, place.lat / DEGREE, place.lon / DEGREE, NEAREST)
    return tuple(
        Nearby(near.station_id, near.name, near.metres, posted_prices(near, prices, now, stale_ms))
        for near in stations
    )


def found_of(keys: Sequence[Key], items: Iterable[Item]) -> list[Item]:
    """Those of the items that lie at one of the keys, in the order of the keys."""
    by_place = {(str(item["pk"]), str(item["sk"])): item for item in items}
    return [by_place[key.pk, key.sk] for key in keys if (key.pk, key.sk) in by_place]
