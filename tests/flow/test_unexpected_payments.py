"""Payments that an order cannot use (PY8): booked apart and returned, exactly as much as was taken."""

import pytest

from flow.books import (
    assert_settled,
    channel_refunds,
    nets,
    nothing_written,
    recharges,
)
from flow.customers import Customer
from flow.moves import finish, refunds_arrive
from flow.notices import Forger, hand_over
from world.shop import Shop


def test_a_second_success_on_a_closed_attempt_is_refunded(shop: Shop, ann: Customer) -> None:
    # Given an attempt that the channel closed by itself, and a second one that is paid
    order = ann.place()
    first = ann.start_paying(order)
    shop.close_trade(first)
    shop.clock.move(seconds=60)
    shop.sweep()
    second = ann.start_paying(order)
    assert second != first
    ann.pay_for(second)
    shop.deliver()

    # When the first one is paid too
    ann.pay_for(first, late=True)
    shop.deliver()

    # Then the second payment tops up the card, and the first goes back
    shop.drain()
    for _ in range(2):
        shop.deliver()
    shop.drain()
    assert ann.state(order) == "SUCCEEDED"
    assert channel_refunds(shop) == [(first, 10_000, "SUCCESS")]
    assert [r["reason"] for r in ann.order(order).body["refunds"]] == ["SECOND_PAYMENT"]
    assert len(recharges(shop)) == 1
    assert nets(shop) == {"CHANNEL_RECEIVABLE:WECHAT": 10_000, "ISSUER_PAYABLE:SINOPEC": -10_000}
    assert_settled(shop)


def test_a_second_success_before_the_first_is_refunded(shop: Shop, ann: Customer) -> None:
    # Given an attempt closed at the channel and a second one that is open
    order = ann.place()
    first = ann.start_paying(order)
    shop.close_trade(first)
    shop.clock.move(seconds=60)
    shop.sweep()
    second = ann.start_paying(order)

    # When the closed one is paid
    ann.pay_for(first, late=True)
    shop.deliver()
    refunds_arrive(shop)

    # Then it goes back and the open one can still be paid
    assert ann.state(order) == "PAYING"
    ann.pay_for(second)
    shop.deliver()
    finish(shop)
    assert ann.state(order) == "SUCCEEDED"
    assert_settled(shop)


def test_a_late_success_of_the_only_attempt_is_used_while_the_order_waits(shop: Shop, ann: Customer) -> None:
    # Given an attempt that ended, in an order that has not expired
    order = ann.place()
    number = ann.start_paying(order)
    shop.close_trade(number)
    shop.clock.move(seconds=60)
    shop.sweep()

    # When it is paid all the same
    ann.pay_for(number, late=True)
    shop.deliver()
    finish(shop)

    # Then the order uses it
    assert ann.state(order) == "SUCCEEDED"
    assert_settled(shop)


@pytest.mark.parametrize("amount", [1, 9_999, 10_001])
def test_a_wrong_amount_is_refunded_whole(shop: Shop, ann: Customer, amount: int) -> None:
    # Given
    order = ann.place(10_000)
    number = ann.start_paying(order)

    # When the channel takes another amount
    ann.pay_for(number, amount_fen=amount)
    shop.deliver()
    refunds_arrive(shop)

    # Then exactly that goes back, and no card is recharged
    view = ann.order(order).body
    assert (view["state"], view["reason"], view["captured_fen"]) == ("CLOSED", "AMOUNT_MISMATCH", 0)
    assert channel_refunds(shop) == [(number, amount, "SUCCESS")]
    assert recharges(shop) == []
    assert nets(shop) == {}
    assert_settled(shop)


def test_a_second_transaction_of_one_trade_is_refused_and_told(
    shop: Shop, ann: Customer, forger: Forger
) -> None:
    # Given a trade that is paid
    order = ann.topped_up()

    # When the channel claims another transaction for it
    with nothing_written(shop):
        answer = hand_over(shop, forger.payment(f"{order}P01", 10_000))

    # Then a person must look; nothing is booked
    assert (answer.status, answer.body) == (409, {"code": "FAIL", "message": "SECOND_TRANSACTION"})
    assert shop.signals.named("SecondTransaction") == [{"order_id": order}]
    assert_settled(shop)
