"""The first screen (GW7): few calls, and no part takes it down."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest

from octane.api.views.home import HomeView, place_in
from octane.cards.cards import card_key
from octane.home.home import Home, Parallel, Status, get_home
from octane.kernel.caller import Caller, Role
from octane.kernel.clock import Instant
from octane.kernel.money import Fen
from octane.kernel.provinces import Province
from octane.kernel.settings import Settings
from octane.kernel.switches import Switches
from octane.ledger.accounts import wallet
from octane.ledger.balances import credit
from octane.orders.model import Order
from octane.orders.records import item_of, order_key
from octane.orders.states import OrderState
from octane.prices.model import Grade, Price, ProvincePrices
from octane.prices.records import publish, replaced
from octane.stations.cells import NearStation
from octane.stations.model import CoordinatesInvalidError, Place
from octane.store.engine import Throttled
from octane.store.items import Item, Key, Page, Query, Table
from octane.store.store import Store, StoreUnavailableError
from octane.store.writes import Absent, Put
from world.engines import CountedNonces
from world.memory_engine import MemoryEngine
from world.meter import Meter

NOW = Instant(1_795_000_000_000)
ANN, BOB = "UAAAAAAAAAAAAAAAAAAAAAAAAA", "UBBBBBBBBBBBBBBBBBBBBBBBBB"
SHANGHAI = Place(31_230_000, 121_470_000)
CELL = Key(Table.STATIONS, "CELL#here", "#CELL")
Content = TypeVar("Content")


class StillClock:
    def now(self) -> Instant:
        return NOW


class MovedClock(StillClock):
    at = NOW

    def now(self) -> Instant:
        return self.at


class Told:
    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, str | int]]] = []

    def count(self, name: str, **detail: str | int) -> None:
        self.seen.append((name, detail))


class Board:
    def __init__(self, switches: Switches) -> None:
        self._switches = switches

    def read(self) -> Switches:
        return self._switches


class OneStation:
    """A neighbourhood with one cell, whose stations are as its item says."""

    def cells_around(self, lat: float, lon: float) -> list[Key]:
        assert (lat, lon) == (31.23, 121.47)
        return [CELL]

    def stations_in(self, items: Iterable[Item], lat: float, lon: float, limit: int) -> list[NearStation]:
        named = (str(item["name"]) for item in items)
        sold = ("92", "0"), {"92": -15}
        return [NearStation(420, "S1", 0, 0, *sold, Province.SHANGHAI, name) for name in named][:limit]


class NoNeighbourhood:
    def __getattr__(self, name: str) -> Any:
        raise AssertionError("the map is dear: nobody said where they are")


class Failing(MemoryEngine):
    """Refuses what a test names: `query identity`, `query coupons`, `query orders`, `batch_get`."""

    refused: frozenset[str] = frozenset()

    def query(self, query: Query) -> Page:
        if f"query {query.table}" in self.refused:
            raise Throttled
        return super().query(query)

    def batch_get(self, keys: list[Key]) -> list[Item]:
        if "batch_get" in self.refused:
            raise Throttled
        return super().batch_get(keys)


def at_once(task: Callable[[], Content]) -> Future[Content]:
    return answered(Future(), task)


def answered(future: Future[Content], task: Callable[[], Content]) -> Future[Content]:
    try:
        future.set_result(task())
    except StoreUnavailableError as error:
        future.set_exception(error)
    return future


def never(*which: int) -> Parallel:
    """Tasks with these numbers, from 0, hang for ever."""
    begun = iter(range(100))

    def begin(task: Callable[[], Content]) -> Future[Content]:
        return Future() if next(begun) in which else at_once(task)

    return begin


@dataclass
class Deps:
    switches: Board = field(default_factory=lambda: Board(Switches()))
    parallel: Parallel = at_once
    neighbourhood: Any = field(default_factory=OneStation)
    clock: StillClock = field(default_factory=StillClock)
    settings: Settings = field(default_factory=lambda: Settings(home_part_ms=1))
    signals: Told = field(default_factory=Told)
    meter: Meter = field(default_factory=Meter)

    def __post_init__(self) -> None:
        self.engine = Failing(self.clock, self.meter)
        self.store = Store(self.engine, CountedNonces(), lambda _: None)

    def refuse(self, *calls: str) -> None:
        self.engine.refused = frozenset(calls)


def order(number: int, user_id: str = ANN, state: OrderState = OrderState.PAYING) -> Order:
    order_id = f"O{number:025d}".replace("0", "A")
    return Order(
        order_id, user_id, state, 1, Fen(10_000), "digest", Instant(NOW + number), Instant(NOW + 900)
    )


def coupon(number: int, state: str = "AVAILABLE", ends: int = 1_000, owner: str = ANN) -> Put:
    item: dict[str, Any] = {
        "campaign_id": "K", "state": state, "discount": "FIXED", "value": 500, "valid_from": NOW - 1,
        "valid_until": NOW + ends, "claimed_at": NOW - 1, "products": "", "stackable": False, "returns": True,
        "threshold": 0, "cap": 0, "order_id": "",
    }  # fmt: skip
    return Put(Key(Table.COUPONS, f"USER#{owner}", f"COUPON#C{number}"), item, when=Absent())


def furnished(deps: Deps) -> Deps:
    """A card, 123.45 CNY, an order under way and one that is over; Bob's beside them."""
    for owner in (ANN, BOB):
        card = {
            "number": "v1:x",
            "number_masked": f"masked {owner}",
            "issuer": "SINOPEC",
            "holder_name": "v1:x",
        }
        rest = {"holder_masked": "*三", "holder_phone": "v1:x", "bound_at": NOW}
        deps.store.commit(Put(card_key(owner, "C1"), {**card, **rest}, when=Absent()))
    deps.store.commit(credit(wallet(ANN), 0, Fen(12_345)))
    for placed in (order(1), order(2, state=OrderState.SUCCEEDED), order(3, BOB), order(4)):
        deps.store.commit(Put(order_key(placed.order_id), item_of(placed), when=Absent()))
    deps.store.commit(Put(CELL, {"name": "人民广场站"}, when=Absent()))
    deps.meter.reset()
    return deps


def shown(deps: Deps, place: Place | None = SHANGHAI) -> Home:
    return get_home(deps, Caller(ANN, Role.CUSTOMER, "session", "openid"), place)


def statuses(home: Home) -> dict[str, str]:
    return {name: part.status.value for name, part in zip(home._fields, home, strict=True)}


def test_everything_is_shown_in_four_calls() -> None:
    deps = furnished(Deps())

    home = shown(deps)

    assert set(statuses(home).values()) == {"OK"}
    assert [card.number_masked for card in home.cards.content or ()] == [f"masked {ANN}"]
    assert home.balance.content and home.balance.content.available == 12_345
    assert [found.order_id for found in home.orders.content or ()] == [order(4).order_id, order(1).order_id]
    assert [nearby.name for nearby in home.stations.content or ()] == ["人民广场站"]
    [usage] = deps.meter.totals.values()
    assert (usage.calls, dict(usage.by_call)) == (4, {"query": 3, "batch_get": 1})
    assert usage.read_units == 1 + 0.5 + 1 + 6  # cards, keys, coupons; balance, cell, prices, three orders


def test_who_says_no_place_gets_no_stations_and_pays_for_no_map() -> None:
    deps = furnished(Deps(neighbourhood=NoNeighbourhood()))
    assert statuses(shown(deps, None))["stations"] == "NOT_ASKED"


def test_an_empty_account_has_an_empty_screen() -> None:
    home = shown(Deps())
    assert set(statuses(home).values()) == {"OK"}
    assert home.balance.content == (0, 0)
    assert not home.cards.content and not home.orders.content and not home.stations.content


@pytest.mark.parametrize(
    ("refused", "missing"),
    [
        ("query identity", {"cards"}),
        ("query coupons", {"coupons"}),
        ("query orders", {"orders"}),
        ("batch_get", {"balance", "stations", "orders"}),
    ],
)
def test_a_part_that_fails_is_marked_and_the_others_are_shown(refused: str, missing: set[str]) -> None:
    deps = furnished(Deps())
    deps.refuse(refused)

    home = shown(deps)

    assert {name for name, status in statuses(home).items() if status == "UNAVAILABLE"} == missing
    assert {name for name, status in statuses(home).items() if status == "OK"} == set(home._fields) - missing
    assert all(part.content is None for part in home if part.status is not Status.OK)
    assert [name for name, _ in deps.signals.seen] == ["HomePartFailed"]
    assert deps.signals.seen[0][1]["why"] == "StoreUnavailableError"


@pytest.mark.parametrize(
    ("hanging", "late"),
    [
        (0, {"cards"}),
        (1, {"orders"}),
        (3, {"coupons"}),
        (4, {"balance", "stations", "orders"}),
    ],
)
def test_a_part_that_hangs_is_late_and_the_others_are_shown(hanging: int, late: set[str]) -> None:
    deps = furnished(Deps(parallel=never(hanging)))

    home = shown(deps)

    assert {name for name, status in statuses(home).items() if status == "LATE"} == late
    assert {name for name, status in statuses(home).items() if status == "OK"} == set(home._fields) - late
    assert [name for name, _ in deps.signals.seen] == ["HomePartLate"]


def test_all_parts_may_fail_at_once() -> None:
    deps = furnished(Deps(parallel=never(*range(5))))
    assert set(statuses(shown(deps)).values()) == {"LATE"}


def test_while_nobody_knows_whether_marketing_is_hidden_it_is_late() -> None:
    deps = furnished(Deps(parallel=never(2), switches=Board(Switches(hide_marketing=True))))
    found = statuses(shown(deps))
    assert found.pop("coupons") == "LATE"
    assert set(found.values()) == {"OK"}
    assert deps.signals.seen == [("HomePartLate", {"part": "switches"})]


def test_what_a_cold_start_builds_is_nobodys_lateness() -> None:
    # Given a clock that moves, by more than a part's time, whenever anything is built
    deps = furnished(Deps())
    deps.settings = Settings(home_part_ms=300)
    clock = deps.clock = MovedClock()

    class Cold:
        def __getattr__(self, name: str) -> Any:
            if name in {"store", "switches", "parallel", "neighbourhood"} and name not in self.__dict__:
                clock.at = Instant(clock.at + 500)
                self.__dict__[name] = getattr(deps, name)
            return getattr(deps, name)

    late = []

    class Waited(Future[Any]):
        def exception(self, timeout: float | None = None) -> BaseException | None:
            late.append(timeout)
            return super().exception(timeout)

    # When
    deps.parallel = lambda task: answered(Waited(), task)
    get_home(Cold(), Caller(ANN, Role.CUSTOMER, "session", "openid"), SHANGHAI)

    # Then each part had its whole time
    assert late == [0.3] * 5


def test_hidden_marketing_asks_for_no_coupons() -> None:
    deps = furnished(Deps(switches=Board(Switches(hide_marketing=True))))
    assert statuses(shown(deps))["coupons"] == "HIDDEN"
    [usage] = deps.meter.totals.values()
    assert usage.calls == 3


def test_the_coupons_that_end_first_are_shown() -> None:
    # Given five that can be used, and others that cannot
    deps = Deps()
    for number in range(5):
        deps.store.commit(coupon(number, ends=1_000 - number))
    deps.store.commit(coupon(10, state="HELD"), coupon(11, state="REDEEMED"), coupon(12, ends=0))
    deps.store.commit(coupon(20, owner=BOB))

    # When
    found = shown(deps).coupons.content

    # Then
    assert found and found.available == 5
    assert [each.coupon_id for each in found.soon] == ["C4", "C3", "C2"]


def test_a_neighbour_shows_the_prices_of_what_it_sells_and_how_old_they_are() -> None:
    deps = furnished(Deps())
    old = Instant(NOW - deps.settings.price_stale_ms - 1)
    heard = {Grade.G92: Price(755, NOW), Grade.G95: Price(799, NOW), Grade.DIESEL: Price(712, old)}
    none = ProvincePrices(Province.SHANGHAI, {}, {})
    deps.store.commit(*replaced(none, none._replace(prices=heard, version=1, revision=1), "source", NOW))
    publish(deps.store)

    [station] = shown(deps).stations.content or ()

    assert {(price.grade, price.fen_per_litre, price.stale) for price in station.prices} == {
        ("92", 740, False),
        ("0", 712, True),
    }


@pytest.mark.parametrize(
    ("lat", "lng"),
    [
        ("31.2", None),
        (None, "121.4"),
        ("", ""),
        ("91", "121"),
        ("-90.000001", "0"),
        ("31.2", "181"),
        ("nan", "121"),
        ("31,2", "121,4"),
        ("1e1", "1"),
        ("here", "there"),
        ("\u0663\u0661", "121"),
    ],
)
def test_an_impossible_place_is_refused(lat: str | None, lng: str | None) -> None:
    with pytest.raises(CoordinatesInvalidError):
        place_in(lat, lng)


def test_a_place_is_optional() -> None:
    assert place_in(None, None) is None
    assert place_in("31.23", "121.47") == SHANGHAI


def test_clients_see_each_part_with_its_status() -> None:
    deps = furnished(Deps(parallel=never(0)))
    deps.store.commit(coupon(1))

    seen = HomeView.of(shown(deps)).model_dump()

    assert seen["cards"] == {"status": "LATE", "cards": []}
    assert seen["balance"] == {"status": "OK", "balance": {"available_fen": 12_345, "held_fen": 0}}
    assert (seen["coupons"]["available"], len(seen["coupons"]["soon"])) == (1, 1)
    assert seen["stations"]["stations"][0]["metres"] == 420
    assert [found["state"] for found in seen["orders"]["orders"]] == ["PAYING", "PAYING"]
