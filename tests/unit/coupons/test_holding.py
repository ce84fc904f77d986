"""Coupons and orders: held once, redeemed for who holds them, back as they were."""

from itertools import permutations
from typing import Any

import pytest
from unit.coupons.conftest import NOON, House, customer

from octane.coupons import holding
from octane.coupons.holding import (
    RETURNED_MS,
    Coupon,
    CouponNotApplicableError,
    CouponNotAvailableError,
    CouponState,
    Discount,
    coupon_key,
    coupon_of,
    discount_of,
    hold,
    redeem,
    release,
)
from octane.kernel.clock import Instant
from octane.kernel.money import Fen
from octane.store.writes import ChangedMeanwhileError, Write

NOW = Instant(NOON)
BASE = Coupon("C1", "U1", "G1", CouponState.AVAILABLE, Discount.FIXED, 500, NOW, Instant(NOON + 10), NOW)


def coupon(number: int = 1, **more: Any) -> Coupon:
    return BASE._replace(coupon_id=f"C{number}", **more)


def give_back(account_id: str, coupon_ids: list[str], order_id: str) -> tuple[Write, ...]:
    return holding.give_back(account_id, coupon_ids, order_id, NOW)


def percent(number: int, value: int, **more: Any) -> Coupon:
    return coupon(number, discount=Discount.PERCENT, value=value, stackable=True, **more)


@pytest.mark.parametrize(
    ("held", "amount", "off"),
    [
        ([coupon()], 10_000, 500),
        ([coupon(value=10_000)], 10_000, 9_999),
        ([coupon(value=10_000)], 100, 99),
        ([percent(1, 10)], 10_005, 1_000),
        ([percent(1, 10, cap=300)], 10_000, 300),
        ([percent(1, 99)], 10_000, 9_900),
        ([coupon(discount=Discount.THRESHOLD, threshold=10_000)], 10_000, 500),
        ([coupon(2, stackable=True), percent(1, 10)], 10_000, 1_500),
        ([percent(2, 10), percent(1, 20)], 10_000, 2_800),
        ([percent(2, 10, cap=500), percent(1, 10)], 10_000, 1_500),
        ([coupon(), *()], 501, 500),
        ([coupon(state=CouponState.RETURNED)], 10_000, 500),
        ([], 10_000, 0),
    ],
    ids=range(13),
)
def test_discounts(held: list[Coupon], amount: int, off: int) -> None:
    found = {discount_of(each, "CARD", Fen(amount), NOW) for each in permutations(held)}
    assert found == {off}


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": CouponState.HELD},
        {"state": CouponState.REDEEMED},
        {"state": CouponState.RETURNED, "returns": False},
        {"valid_from": Instant(NOON + 1)},
        {"valid_until": NOW},
    ],
    ids=range(5),
)
def test_not_available(wrong: dict[str, Any]) -> None:
    with pytest.raises(CouponNotAvailableError):
        discount_of([coupon(**wrong)], "CARD", Fen(10_000), NOW)


@pytest.mark.parametrize(
    ("held", "kind", "amount"),
    [
        ([coupon(discount=Discount.THRESHOLD, threshold=10_000)], "CARD", 9_999),
        ([coupon()], "WALLET", 10_000),
        ([coupon(products="BILL")], "CARD", 10_000),
        ([coupon(products="CARD")], "CAR", 10_000),
        ([coupon(1), coupon(2, stackable=True)], "CARD", 10_000),
        ([coupon(), coupon()], "CARD", 10_000),
        ([percent(number, 10) for number in range(4)], "CARD", 10_000),
        ([percent(1, 1)], "CARD", 99),
        ([coupon()], "CARD", 1),
        ([coupon(1, value=1, stackable=True), coupon(2, value=1, stackable=True)], "CARD", 2),
    ],
    ids=range(10),
)
def test_not_applicable(held: list[Coupon], kind: str, amount: int) -> None:
    with pytest.raises(CouponNotApplicableError):
        discount_of(held, kind, Fen(amount), NOW)


def test_a_wallet_coupon_may_say_so(house: House) -> None:
    assert discount_of([coupon(products="WALLET")], "WALLET", Fen(10_000), NOW) == 500


class Held:
    """A claimed coupon in the tables."""

    def __init__(self, house: House, **terms: Any) -> None:
        self.store = house.store
        campaign = house.opened(terms=house.draft().offer.terms._replace(**terms))
        self.claimed = house.claim(campaign, 1, house.key())
        self.account = customer(1).account_id

    @property
    def now(self) -> Coupon:
        item = self.store.get(coupon_key(self.account, self.claimed.coupon_id))
        assert item is not None
        return coupon_of(item)

    def move(self, act: Any, order_id: str) -> Coupon:
        self.store.commit(*act(self.account, [self.claimed.coupon_id], order_id))
        return self.now

    def hold(self, order_id: str, seen: Coupon | None = None) -> Coupon:
        self.store.commit(*hold([seen or self.now], order_id))
        return self.now


def test_a_life_to_its_end(house: House) -> None:
    held = Held(house)
    assert held.now == held.claimed
    held.hold("O1")
    assert (held.now.state, held.now.order_id) == (CouponState.HELD, "O1")
    assert held.move(redeem, "O1").state is CouponState.REDEEMED
    assert held.now.order_id == "O1"


def test_released_it_is_as_it_was(house: House) -> None:
    held = Held(house)
    held.hold("O1")
    assert held.move(release, "O1") == held.claimed


def test_a_returned_one_is_returned_again_when_it_is_released(house: House) -> None:
    held = Held(house)
    held.hold("O1")
    held.move(redeem, "O1")
    returned = held.move(give_back, "O1")
    assert (returned.state, returned.order_id) == (CouponState.RETURNED, "")
    held.hold("O2")
    assert held.move(release, "O2") == returned
    held.hold("O3")
    assert held.move(redeem, "O3").state is CouponState.REDEEMED


@pytest.mark.parametrize("returns", [True, False])
def test_one_that_comes_back_after_its_time_is_usable_for_some_days(house: House, returns: bool) -> None:
    held = Held(house, returns=returns)
    held.hold("O1")
    held.move(redeem, "O1")
    ended = Instant(held.claimed.valid_until + 1)
    house.store.commit(*holding.give_back(held.account, [held.claimed.coupon_id], "O1", ended))
    back = held.now
    assert back.valid_until == (ended + RETURNED_MS if returns else held.claimed.valid_until)
    assert back.is_expired(ended) is not returns
    if returns:
        assert discount_of([back], "CARD", Fen(10_000), ended) == 500
    with pytest.raises(CouponNotAvailableError):
        discount_of([back], "CARD", Fen(10_000), Instant(ended + RETURNED_MS))


def test_one_that_comes_back_early_keeps_its_time(house: House) -> None:
    held = Held(house)
    held.hold("O1")
    held.move(redeem, "O1")
    assert held.move(give_back, "O1").valid_until == held.claimed.valid_until


def test_one_that_does_not_return_is_held_by_nobody(house: House) -> None:
    held = Held(house, returns=False)
    before = held.now
    held.hold("O1")
    held.move(redeem, "O1")
    returned = held.move(give_back, "O1")
    # not by who looks, and not by who looked before
    for seen in (returned, before):
        with pytest.raises(CouponNotAvailableError):
            held.hold("O2", seen)


def test_held_twice(house: House) -> None:
    held = Held(house)
    seen = held.now
    held.hold("O1")
    for order_id in ("O2", "O1"):
        with pytest.raises(CouponNotAvailableError):
            held.hold(order_id, seen)
    assert held.now.order_id == "O1"


@pytest.mark.parametrize("act", [redeem, release, give_back])
def test_another_order_moves_nothing(house: House, act: Any) -> None:
    held = Held(house)
    held.hold("O1")
    if act is give_back:
        held.move(redeem, "O1")
    before = held.now
    with pytest.raises(ChangedMeanwhileError):
        held.move(act, "O2")
    assert held.now == before


@pytest.mark.parametrize(
    ("done", "act"),
    [
        ((), redeem),
        ((), release),
        ((), give_back),
        ((redeem,), redeem),
        ((redeem,), release),
        ((release,), redeem),
        ((release,), give_back),
        ((redeem, give_back), give_back),
        ((redeem, give_back), redeem),
    ],
    ids=range(9),
)
def test_late_and_repeated_moves_change_nothing(house: House, done: tuple[Any, ...], act: Any) -> None:
    held = Held(house)
    if done:
        held.hold("O1")
    for each in done:
        held.move(each, "O1")
    before = held.now
    with pytest.raises(ChangedMeanwhileError):
        held.move(act, "O1")
    assert held.now == before


def test_a_coupon_of_somebody_else_is_not_there(house: House) -> None:
    held = Held(house)
    stolen = held.now._replace(account_id=customer(2).account_id)
    with pytest.raises(CouponNotAvailableError):
        house.store.commit(*hold([stolen], "O1"))
    assert held.now.state is CouponState.AVAILABLE


def test_expired_is_derived(house: House) -> None:
    held = Held(house)
    until = held.claimed.valid_until
    assert not held.now.is_expired(Instant(until - 1))
    assert held.now.is_expired(until)
    assert not held.hold("O1").is_expired(until)
