"""Callbacks of the issuer that are not believed: nothing is moved."""

import pytest

from flow.books import brief, nets, nothing_written
from flow.customers import Customer
from flow.notices import FORM, ISSUER, hand_over, issuer_letter
from octane.store.items import Table
from world.shop import Shop

UNKNOWN_ORDER = "T" + "A" * 25


@pytest.mark.parametrize("sign", ["", "0" * 32, "x", "é", "A" * 10_000], ids=brief)
def test_an_issuer_notice_with_a_wrong_md5(shop: Shop, ann: Customer, sign: str) -> None:
    # Given a running recharge
    shop.world.issuer.misbehave("submit", "stay", count=1)
    order = ann.paid()
    shop.drain()

    # When / Then
    with nothing_written(shop):
        answer = hand_over(shop, issuer_letter(shop, "S1", f"{order}R01", "1", sign))
    assert (answer.status, answer.body) == (401, "ISSUER_NOTICE_REFUSED")
    assert ann.state(order) == "RECHARGING"


def test_an_issuer_notice_signed_with_another_key(shop: Shop, ann: Customer) -> None:
    # Given
    shop.world.issuer.misbehave("recharge_notice", "wrong_signature", count=1)
    ann.paid()
    shop.drain()

    # When / Then
    with nothing_written(shop):
        answer = shop.deliver()
    assert (answer.status, answer.body) == (401, "ISSUER_NOTICE_REFUSED")


@pytest.mark.parametrize(
    "body",
    ["", "x", "orderid=1", "sporder_id=S1&orderid=1&sta=1&sign=", "%ff%fe", "a=1&a=2", "<xml/>", '{"a":1}'],
)
def test_issuer_forms_that_are_none(shop: Shop, body: str) -> None:
    with nothing_written(shop):
        answer = shop.call("POST", ISSUER, headers=FORM, raw=body)
    assert (answer.status, answer.body) == (401, "ISSUER_NOTICE_REFUSED")


@pytest.mark.parametrize("sta", ["0", "2", "", "success", "１"])
def test_issuer_outcomes_that_are_none(shop: Shop, ann: Customer, sta: str) -> None:
    order = ann.topped_up()
    with nothing_written(shop):
        answer = hand_over(shop, issuer_letter(shop, "S1", f"{order}R01", sta))
    assert (answer.status, answer.body) == (401, "ISSUER_NOTICE_REFUSED")


@pytest.mark.parametrize("number", [f"{UNKNOWN_ORDER}R01", f"{UNKNOWN_ORDER}R02", "R0100000", "x" * 32])
def test_an_issuer_notice_of_an_unknown_order(shop: Shop, number: str) -> None:
    with nothing_written(shop):
        answer = hand_over(shop, issuer_letter(shop, "S1", number, "1"))
    assert (answer.status, answer.body) == (404, "ORDER_NOT_FOUND")


def test_an_issuer_notice_for_an_unpaid_order(shop: Shop, ann: Customer) -> None:
    # Given an order that nobody paid
    order = ann.place()

    # When the issuer claims to have recharged its card, and knows nothing of it when asked
    before = shop.wiring.engine.items(Table.ORDERS)
    hand_over(shop, issuer_letter(shop, "S1", f"{order}R01", "1"))

    # Then nothing is moved
    assert shop.wiring.engine.items(Table.ORDERS) == before
    assert nets(shop) == {}
