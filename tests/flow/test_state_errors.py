"""The right request at the wrong moment: 409 with its code, and nothing moved."""

import pytest

from flow.books import assert_refused, assert_settled, nothing_written
from flow.customers import Customer, new_staff
from octane.kernel.caller import Role
from world.shop import Answer, Shop


@pytest.fixture
def finance(shop: Shop) -> Customer:
    return new_staff(shop, Role.FINANCE)


def refund(staff: Customer, order: str, amount: int = 100) -> Answer:
    return staff.post(f"/orders/{order}/refunds", {"amount_fen": amount, "reason": "goodwill"})


def closed(shop: Shop, ann: Customer) -> str:
    order = ann.place()
    ann.post(f"/orders/{order}/cancel")
    return order


def failed(shop: Shop, ann: Customer) -> str:
    shop.world.issuer.misbehave("submit", "refuse", count=1, code="208703")
    order = ann.paid()
    shop.drain()
    shop.deliver()
    shop.drain()
    return order


def test_pay_a_closed_order(shop: Shop, ann: Customer) -> None:
    order = closed(shop, ann)
    with nothing_written(shop):
        assert_refused(ann.pay(order), 409, "ORDER_STATE")


def test_pay_a_paid_order(shop: Shop, ann: Customer) -> None:
    order = ann.paid()
    with nothing_written(shop):
        assert_refused(ann.pay(order), 409, "ORDER_STATE")


def test_pay_a_finished_order(shop: Shop, ann: Customer) -> None:
    order = ann.topped_up()
    with nothing_written(shop):
        assert_refused(ann.pay(order), 409, "ORDER_STATE")


def test_pay_an_order_whose_time_is_over(shop: Shop, ann: Customer) -> None:
    # Given an order that the schedule has not yet closed
    order = ann.place()
    shop.clock.move(seconds=900)

    # When / Then
    with nothing_written(shop):
        assert_refused(ann.pay(order), 409, "ORDER_STATE")


@pytest.mark.parametrize("started", [False, True])
def test_refund_an_unpaid_order(shop: Shop, ann: Customer, finance: Customer, started: bool) -> None:
    order = ann.place()
    if started:
        ann.start_paying(order)
    with nothing_written(shop):
        assert_refused(refund(finance, order), 409, "ORDER_NOT_PAID")
        assert_refused(refund(ann, order), 403, "FORBIDDEN")


def test_refund_a_closed_order(shop: Shop, ann: Customer, finance: Customer) -> None:
    order = closed(shop, ann)
    with nothing_written(shop):
        assert_refused(refund(finance, order), 409, "ORDER_NOT_PAID")


def test_refund_while_the_card_is_being_recharged(shop: Shop, ann: Customer, finance: Customer) -> None:
    order = ann.paid()
    with nothing_written(shop):
        assert_refused(refund(finance, order), 409, "ORDER_STATE")


def test_refund_an_order_that_failed(shop: Shop, ann: Customer, finance: Customer) -> None:
    order = failed(shop, ann)
    with nothing_written(shop):
        assert_refused(refund(finance, order), 409, "REFUND_EXCEEDS_CAPTURED")
    assert_settled(shop)


@pytest.mark.parametrize(
    ("amount", "status", "code"),
    [
        (10_001, 409, "REFUND_EXCEEDS_CAPTURED"),
        (10**12, 409, "REFUND_EXCEEDS_CAPTURED"),
        (0, 400, "AMOUNT_INVALID"),
        (-1, 400, "AMOUNT_INVALID"),
        (10**14, 400, "AMOUNT_INVALID"),
    ],
)
def test_refund_another_amount_than_there_is(
    shop: Shop, ann: Customer, finance: Customer, amount: int, status: int, code: str
) -> None:
    order = ann.topped_up(10_000)
    with nothing_written(shop):
        assert_refused(refund(finance, order, amount), status, code)


@pytest.mark.parametrize("reached", ["RECHARGING", "SUCCEEDED", "FAILED"])
def test_cancel_a_paid_order(shop: Shop, ann: Customer, reached: str) -> None:
    makers = {"RECHARGING": ann.paid, "SUCCEEDED": ann.topped_up, "FAILED": lambda: failed(shop, ann)}
    order = makers[reached]()
    assert ann.state(order) == reached
    with nothing_written(shop):
        assert_refused(ann.post(f"/orders/{order}/cancel"), 409, "ORDER_STATE")


def test_more_than_fifty_refunds(shop: Shop, ann: Customer, finance: Customer) -> None:
    # Given as many partial refunds as WeChat Pay allows
    order = ann.topped_up(10_000)
    for _ in range(50):
        assert refund(finance, order, 1).status == 201

    # When / Then
    with nothing_written(shop):
        assert_refused(refund(finance, order, 1), 409, "REFUND_EXCEEDS_CAPTURED")
