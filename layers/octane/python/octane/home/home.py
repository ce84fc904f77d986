"""One call for the first screen (GW7): cards, balance, coupons, stations nearby, running orders.

At most four AWS calls, and the switches twice a minute: the cards and the newest orders' keys are queried
side by side; then the coupons, beside one batch of the balance, the cells around, the prices and the orders.
Each part has its time. A part that is late or fails is marked, and the others are shown without it: no part
may take the screen with it.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

from octane.cards.cards import Card, list_cards
from octane.home.parts import (
    Coupons,
    Nearby,
    Neighbourhood,
    coupons_asked,
    found_of,
    nearby_stations,
    orders_asked,
    running_orders,
    usable_coupons,
)
from octane.kernel.clock import Instant, later
from octane.orders.model import Order
from octane.orders.records import order_key
from octane.orders.wallet import Wallet, wallet_key, wallet_of
from octane.stations.model import DEGREE, Place
from octane.stations.records import PRICES
from octane.store.items import Item, Key

if TYPE_CHECKING:
    from octane.kernel.caller import Caller
    from octane.kernel.clock import Clock
    from octane.kernel.settings import Settings
    from octane.kernel.signals import Signals
    from octane.kernel.switches import SwitchBoard
    from octane.store.store import Store

Content = TypeVar("Content")


class Parallel(Protocol):
    """Begins a task beside the caller and returns at once; it may never end."""

    def __call__(self, task: Callable[[], Content]) -> Future[Content]: ...


class HomeDeps(Protocol):
    @property
    def clock(self) -> "Clock": ...
    @property
    def settings(self) -> "Settings": ...
    @property
    def signals(self) -> "Signals": ...
    @property
    def store(self) -> "Store": ...
    @property
    def switches(self) -> "SwitchBoard": ...
    @property
    def parallel(self) -> Parallel: ...
    @property
    def neighbourhood(self) -> Neighbourhood: ...


class Status(StrEnum):
    OK = "OK"
    LATE = "LATE"
    """It took longer than it may. Ask again, or ask for the part alone."""
    UNAVAILABLE = "UNAVAILABLE"
    HIDDEN = "HIDDEN"
    """Turned off by operations for the moment (OP4)."""
    NOT_ASKED = "NOT_ASKED"
    """Stations: the request says no place."""


class Part(NamedTuple, Generic[Content]):
    """`content` is there when `status` is OK, and None else."""

    status: Status
    content: Content | None = None


class Home(NamedTuple):
    cards: Part[list[Card]]
    balance: Part[Wallet]
    coupons: Part[Coupons]
    stations: Part[Sequence[Nearby]]
    orders: Part[Sequence[Order]]


class _Batch(NamedTuple):
    """What one batch has read."""

    balance: Wallet
    stations: Sequence[Nearby]
    orders: Sequence[Order]


def get_home(deps: HomeDeps, caller: "Caller", place: Place | None) -> Home:
    """Gather the parts, in at most twice the time of one; nothing but a bug of ours raises. When nobody knows
    in time whether marketing is hidden, the coupons are late."""
    # what a cold start builds and imports is built before the time of the parts begins
    account, store, part_ms = caller.account_id, deps.store, deps.settings.home_part_ms
    switches, parallel, where = deps.switches, deps.parallel, (place, deps.neighbourhood) if place else None
    now = deps.clock.now()
    in_time = later(now, part_ms)
    cards = parallel(lambda: list_cards(store, account))
    newest = parallel(lambda: store.query(orders_asked(account)).items)
    board = parallel(switches.read)

    listed = _part(deps, "newest", newest, in_time)
    turned = _part(deps, "switches", board, in_time)
    keys = [order_key(str(item["pk"])) for item in listed.content or ()]
    coupons = (
        parallel(lambda: usable_coupons(store.query(coupons_asked(account)).items, now))
        if turned.content and not turned.content.hide_marketing
        else None
    )
    reading = parallel(lambda: _batch(deps, account, where, keys, now))
    in_time_too = later(deps.clock.now(), part_ms)
    batch = _part(deps, "batch", reading, in_time_too)
    status, read = batch.status, batch.content
    orders_status = status if listed.status is Status.OK else listed.status
    return Home(
        cards=_part(deps, "cards", cards, in_time),
        balance=Part(status, read and read.balance),
        coupons=_part(deps, "coupons", coupons, in_time_too)
        if coupons
        else Part(Status.HIDDEN if turned.content else turned.status),
        stations=Part(status, read and read.stations) if place else Part(Status.NOT_ASKED),
        orders=Part(orders_status, read.orders if read and orders_status is Status.OK else None),
    )


def _part(deps: HomeDeps, name: str, future: Future[Content], deadline: Instant) -> Part[Content]:
    """What became of a task by its deadline; one that is done counts, however late it is looked at."""
    try:
        failure = future.exception(max(0, deadline - deps.clock.now()) / 1000)
    except TimeoutError:
        deps.signals.count("HomePartLate", part=name)
        return Part(Status.LATE)
    if failure is not None:
        deps.signals.count("HomePartFailed", part=name, why=type(failure).__name__)
        return Part(Status.UNAVAILABLE)
    return Part(Status.OK, future.result())


def _batch(
    deps: HomeDeps,
    account: str,
    where: tuple[Place, Neighbourhood] | None,
    order_keys: list[Key],
    now: Instant,
) -> _Batch:
    """Balance, stations and orders: one call."""
    balance_key = wallet_key(account)
    cells: list[Key] = []
    if where:
        place, neighbourhood = where
        cells = neighbourhood.cells_around(place.lat / DEGREE, place.lon / DEGREE)
    around = [*cells, PRICES] if where else []
    items = deps.store.batch_get([balance_key, *order_keys, *around])

    def at(keys: Sequence[Key]) -> list[Item]:
        return found_of(keys, items)

    prices = next(iter(at([PRICES])), None)
    return _Batch(
        balance=next(map(wallet_of, at([balance_key])), Wallet()),
        stations=nearby_stations(neighbourhood, place, at(cells), prices, now, deps.settings.price_stale_ms)
        if where
        else (),
        orders=running_orders(at(order_keys)),
    )
