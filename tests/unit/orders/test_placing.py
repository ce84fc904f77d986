"""Placing orders with coupons, at stations, of bills and of plans: what is refused, and what it costs."""

from collections.abc import Callable

import pytest
from unit.orders.house import ACCOUNT, CARD, NOON, ONE, PLAN, TWO, House, bills, card

from octane.billers.names import Biller
from octane.bills.accounts import BillAccountNotFoundError
from octane.bills.holding import BillInPaymentError, HeldBills, hold, paid
from octane.bills.plans import (
    InstalmentsInvalidError,
    PlanBusyError,
    PlanNotFoundError,
    PlanStateError,
    plan_of,
)
from octane.coupons.holding import (
    MOST_COUPONS,
    CouponNotApplicableError,
    CouponNotAvailableError,
    CouponNotFoundError,
)
from octane.kernel.clock import MINUTE
from octane.kernel.errors import AmountInvalidError, KeyReusedError, OctaneError
from octane.kernel.ids import digest_of
from octane.orders.bills_wanted import BillsInvalidError
from octane.orders.choices import WalletPartError
from octane.orders.risking import AmountOverLimitError
from octane.orders.states import OrderKind
from octane.orders.wanted import MOST_BILLS, PlaceOrder, Wanted
from octane.stations.model import StationNotFoundError
from octane.store.items import Item, Key, Table
from octane.store.writes import Write

MANY = tuple((f"M{number}", 100) for number in range(MOST_BILLS + 1))
REFUSED: dict[str, tuple[Wanted, type[OctaneError]]] = {
    "no bills": (bills(), BillsInvalidError),
    "too many bills": (bills(*MANY), BillsInvalidError),
    "one bill twice": (bills(("B1", 100), ("B1", 200)), BillsInvalidError),
    "a bill's number with a blank": (bills(("B1 B2", 100)), BillsInvalidError),
    "a bill's number with =": (bills(("B1=2", 100)), BillsInvalidError),
    "nothing of a bill": (bills(("B1", 0)), AmountInvalidError),
    "less than nothing of a bill": (bills(("B1", -5), ("B2", 10)), AmountInvalidError),
    "true fen": (bills(("B1", True)), AmountInvalidError),
    "more than one order may be": (bills(("B1", 5_000_000), ("B2", 1)), AmountOverLimitError),
    "bills and a plan": (bills(("B1", 100), plan_id=PLAN, instalments=1), BillsInvalidError),
    "no instalments": (bills(plan_id=PLAN), BillsInvalidError),
    "instalments of no plan": (bills(instalments=2), BillsInvalidError),
    "fewer instalments than none": (bills(plan_id=PLAN, instalments=-1), BillsInvalidError),
    "no such plan": (bills(plan_id=PLAN, instalments=1), PlanNotFoundError),
    "no such account": (bills(("B1", 100))._replace(bill_account_id="L"), BillAccountNotFoundError),
    "no such coupon": (card(10_000, ONE), CouponNotFoundError),
    "a coupon twice": (card(10_000, ONE, ONE), CouponNotApplicableError),
    "too many coupons": (
        card(10_000, *(f"C{number}" for number in range(MOST_COUPONS + 1))),
        CouponNotApplicableError,
    ),
    "no such station": (card(10_000, station_id="S-1"), StationNotFoundError),
    "no card's amount": (card(0), AmountInvalidError),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(house: House, what: str) -> None:
    wanted, error = REFUSED[what]
    with pytest.raises(error):
        house.place(wanted)
    assert house.engine.items(Table.ORDERS) == []


def test_bills_placed(house: House) -> None:
    order = house.place(bills(("B1", 6_000), ("B-2", 1))).order
    assert (order.kind, order.amount, order.payable) == (OrderKind.BILL, 6_001, 6_001)
    assert (order.biller, order.bill_account_id) == (Biller.ELECTRICITY, ACCOUNT)
    assert [(part.bill_no, part.amount) for part in order.bill_parts] == [("B1", 6_000), ("B-2", 1)]
    assert house.order(order.order_id) == order  # as it is read back


def test_the_least_of_everything_is_two_calls(house: House) -> None:
    """One batch and one transaction, whatever is wanted."""
    house.has_plan()
    house.opens_station()
    for coupon_id in (ONE, TWO):
        house.gets_coupon(coupon_id)
    house.place(card(10_000), "key-0000")  # risk's rules are read once
    wishes = (
        card(10_000, ONE, station_id="S-1"),
        bills(*MANY[:MOST_BILLS], coupon_ids=(TWO,)),
        bills(plan_id=PLAN, instalments=3),
    )
    for number, wanted in enumerate(wishes, 1):
        with house.meter.operation(f"place {number}") as usage:
            house.place(wanted, f"key-{number:04d}")
        assert usage.by_call == {"batch_get": 1, "transact": 1}


def test_the_same_key_is_the_same_order_of_its_kind(house: House) -> None:
    house.gets_coupon()
    wanted = bills(("B1", 6_000), coupon_ids=(ONE,))
    order = house.place(wanted).order
    assert house.place(wanted).order == order
    for other in (bills(("B1", 6_001), coupon_ids=(ONE,)), bills(("B1", 6_000)), bills(("B2", 6_000))):
        with pytest.raises(KeyReusedError):
            house.place(other)
    assert house.place(card(10_000)).order.order_id != order.order_id
    with pytest.raises(KeyReusedError):
        house.place(card(10_000, ONE))
    assert house.coupon().order_id == order.order_id


@pytest.mark.parametrize(
    ("terms", "error"),
    [
        ({"state": "HELD", "order_id": "T1"}, CouponNotAvailableError),
        ({"state": "REDEEMED", "order_id": "T1"}, CouponNotAvailableError),
        ({"valid_until": NOON}, CouponNotAvailableError),
        ({"valid_from": NOON + 1}, CouponNotAvailableError),
        ({"threshold": 10_001}, CouponNotApplicableError),
        ({"products": "BILL"}, CouponNotApplicableError),
    ],
)
def test_a_coupon_that_does_not_fit(house: House, terms: dict[str, object], error: type[OctaneError]) -> None:
    house.gets_coupon(**terms)
    with pytest.raises(error):
        house.place(card(10_000, ONE))


def test_another_persons_coupon_does_not_exist(house: House) -> None:
    house.gets_coupon()
    house.ann = house.ann._replace(user_id="U" + "B" * 25)
    house.move_in()
    with pytest.raises(CouponNotFoundError):
        house.place(card(10_000, ONE))


def test_the_customer_pays_something(house: House) -> None:
    house.gets_coupon(value=10_000)
    order = house.place(card(10_000, ONE)).order
    assert (order.discount, order.payable) == (9_999, 1)
    with pytest.raises(WalletPartError):
        house.start(order.order_id, part=1)


def test_a_station_collects(house: House) -> None:
    house.opens_station()
    order = house.place(card(10_000, station_id="S-1")).order
    assert order.sub_merchant == "1900000109"
    house.start(order.order_id)
    assert house.till.asked[0].trade.sub_merchant == "1900000109"
    house.opens_station(closed=True)
    with pytest.raises(StationNotFoundError):
        house.place(card(10_000, station_id="S-1"), "key-0002")


def test_a_plan_of_another_account(house: House) -> None:
    house.has_plan(bill_account_id="L" + "B" * 25)
    with pytest.raises(PlanNotFoundError):
        house.place(bills(plan_id=PLAN, instalments=1))


@pytest.mark.parametrize(
    ("more", "instalments", "error"),
    [
        ({"state": "CANCELLED"}, 1, PlanStateError),
        ({"paid": 3}, 1, PlanStateError),
        ({"paid": 2}, 2, InstalmentsInvalidError),
        ({"order_id": "T1"}, 1, PlanBusyError),
    ],
)
def test_a_plan_that_is_not_due(
    house: House, more: dict[str, object], instalments: int, error: type[OctaneError]
) -> None:
    house.has_plan(**more)
    with pytest.raises(error):
        house.place(bills(plan_id=PLAN, instalments=instalments))


def _another_takes_the_bill(house: House) -> tuple[Write, ...]:
    return hold(_held(house, "T1"), None, house.clock.now())


def _another_pays_an_instalment(house: House) -> tuple[Write, ...]:
    held = _held(house, "T1")._replace(plan_id=PLAN, instalments=1)
    house.store.commit(*hold(held, plan_of(house.plan()), house.clock.now()))
    return paid(held, house.clock.now())


def _held(house: House, order_id: str) -> HeldBills:
    order = house.place(bills(("B9", 1)), "key-0009").order
    parts = bills(("B1", 4_000)).parts
    return HeldBills(order_id, order.user_id, Biller.ELECTRICITY, order.account_tag, parts)


@pytest.mark.parametrize(
    ("meanwhile", "wanted", "error"),
    [
        (_another_takes_the_bill, bills(("B1", 4_000)), BillInPaymentError),
        (_another_pays_an_instalment, bills(plan_id=PLAN, instalments=1), PlanBusyError),
    ],
)
def test_somebody_is_faster_between_the_two_calls(
    house: House,
    monkeypatch: pytest.MonkeyPatch,
    meanwhile: Callable[[House], tuple[Write, ...]],
    wanted: Wanted,
    error: type[OctaneError],
) -> None:
    # Given what the batch has read, and what happens before the transaction
    house.has_plan()
    writes = meanwhile(house)
    read = house.engine.batch_get

    def overtaken(keys: list[object]) -> object:
        found = read(keys)  # type: ignore[arg-type]
        monkeypatch.undo()
        house.store.commit(*writes)
        return found

    monkeypatch.setattr(house.engine, "batch_get", overtaken)

    # Then nobody pays a bill, or an instalment, twice
    with pytest.raises(error):
        house.place(wanted)


@pytest.mark.parametrize("wanted", [card(10_000, ONE), bills(plan_id=PLAN, instalments=1)], ids=range(2))
def test_the_same_request_at_once_is_the_same_order(
    house: House, monkeypatch: pytest.MonkeyPatch, wanted: Wanted
) -> None:
    """A batch is no snapshot: it reads the order before the other one placed it, and what it holds after."""
    # Given
    house.gets_coupon()
    house.has_plan()
    read = house.engine.batch_get
    placed = []

    def torn(keys: list[Key]) -> list[Item]:
        monkeypatch.undo()
        before = read([key for key in keys if key.sk == "#ORDER"])
        placed.append(house.place(wanted).order)
        return before + read([key for key in keys if key.sk != "#ORDER"])

    # When
    monkeypatch.setattr(house.engine, "batch_get", torn)
    order = house.place(wanted).order

    # Then
    assert [order] == placed
    with pytest.raises((CouponNotAvailableError, PlanBusyError)):
        house.place(wanted, "key-0002")


def test_a_request_of_before_coupons_has_the_digest_it_had(house: House) -> None:
    """Two releases run at once: one's order is the other's replay."""
    order = house.place(PlaceOrder(CARD, 10_000)).order
    assert order.request_digest == digest_of({"card_id": CARD, "amount": 10_000})


def test_a_coupon_may_be_used_on_its_last_millisecond(house: House) -> None:
    house.gets_coupon()
    house.clock.at = NOON + 60 * MINUTE - 1
    assert house.place(card(10_000, ONE)).order.discount == 500
