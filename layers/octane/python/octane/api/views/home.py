"""The first screen. Each part says for itself whether it is there."""

from typing import TYPE_CHECKING

from pydantic import Field

from octane.api.views import View
from octane.api.views.cards import CardView
from octane.api.views.orders import OrderView
from octane.api.views.posted import StationPriceView
from octane.api.views.wallets import WalletView
from octane.home.home import Status
from octane.kernel.clock import rfc3339
from octane.stations.model import Place, parse_place

if TYPE_CHECKING:
    from octane.coupons.holding import Coupon
    from octane.home.home import Home
    from octane.home.parts import Nearby


def place_in(lat: str | None, lng: str | None) -> Place | None:
    """Where the client is, if it says so. Raises `CoordinatesInvalidError`, also for half a place."""
    if lat is None and lng is None:
        return None
    return parse_place(lat or "", lng or "")


class PartView(View):
    status: Status = Field(
        description="`OK`: the part is there. Else it is empty: `LATE` and `UNAVAILABLE` (ask the part's own"
        " address), `HIDDEN` (operations have turned it off), `NOT_ASKED` (stations without a place)."
    )


class CardsPart(PartView):
    cards: list[CardView]


class BalancePart(PartView):
    balance: WalletView | None


class SoonView(View):
    coupon_id: str
    name: str
    discount: str
    value: int = Field(description="Fen off, or percent off, as `discount` says.")
    threshold_fen: int
    valid_until: str


class CouponsPart(PartView):
    available: int | None = Field(description="How many can be used now.")
    soon: list[SoonView] = Field(description="Of these, the first to end.")


class NearbyView(View):
    station_id: str
    name: str
    metres: int = Field(description="Through the air; `GET /api/v1/stations/nearby` knows the road.")
    prices: list[StationPriceView]


class StationsPart(PartView):
    stations: list[NearbyView]


class OrdersPart(PartView):
    orders: list[OrderView] = Field(description="Not over yet, newest first.")


class HomeView(View):
    cards: CardsPart
    balance: BalancePart
    coupons: CouponsPart
    stations: StationsPart
    orders: OrdersPart

    @classmethod
    def of(cls, home: "Home") -> "HomeView":
        cards, balance, coupons, stations, orders = home
        found = coupons.content
        return cls(
            cards=CardsPart(status=cards.status, cards=[CardView.of(card) for card in cards.content or ()]),
            balance=BalancePart(
                status=balance.status, balance=balance.content and WalletView.of(balance.content)
            ),
            coupons=CouponsPart(
                status=coupons.status,
                available=found.available if found else None,
                soon=[_soon(coupon) for coupon in found.soon] if found else [],
            ),
            stations=StationsPart(
                status=stations.status, stations=[_nearby(nearby) for nearby in stations.content or ()]
            ),
            orders=OrdersPart(
                status=orders.status, orders=[OrderView.of(order) for order in orders.content or ()]
            ),
        )


def _soon(coupon: "Coupon") -> SoonView:
    return SoonView(
        coupon_id=coupon.coupon_id,
        name=coupon.name,
        discount=coupon.discount.value,
        value=coupon.value,
        threshold_fen=coupon.threshold,
        valid_until=rfc3339(coupon.valid_until),
    )


def _nearby(nearby: "Nearby") -> NearbyView:
    prices = [StationPriceView.of(price) for price in nearby.prices]
    return NearbyView(station_id=nearby.station_id, name=nearby.name, metres=nearby.metres, prices=prices)
