"""Cancelling and expiring at the seams: asked first, and a payment that was faster wins."""

from typing import Any

import pytest

from flow.books import (
    assert_refused,
    assert_settled,
    nothing_written,
    trades,
)
from flow.customers import Customer
from flow.moves import finish
from octane.store.items import Table
from world.shop import Shop


def test_cancel_while_paying_closes_at_the_channel_first(shop: Shop, ann: Customer) -> None:
    # Given
    order = ann.place()
    number = ann.start_paying(order)

    # When
    answer = ann.post(f"/orders/{order}/cancel")
    with nothing_written(shop):
        again = ann.post(f"/orders/{order}/cancel")

    # Then
    assert (answer.status, answer.body["state"], answer.body["reason"]) == (200, "CLOSED", "CANCELLED")
    assert again.body == answer.body
    assert trades(shop) == {number: "CLOSED"}
    assert_settled(shop)


def test_cancel_before_paying_closes(shop: Shop, ann: Customer) -> None:
    order = ann.place()
    answer = ann.post(f"/orders/{order}/cancel")
    assert (answer.status, answer.body["state"]) == (200, "CLOSED")
    assert_settled(shop)


def test_cancel_of_a_payment_that_was_faster_goes_on(shop: Shop, ann: Customer) -> None:
    # Given a payment whose callback is still under way
    order = ann.place()
    ann.pay_for(ann.start_paying(order))

    # When the customer cancels
    answer = ann.post(f"/orders/{order}/cancel")

    # Then the payment wins, and its callback changes nothing more
    assert (answer.status, answer.body["state"]) == (200, "RECHARGING")
    with nothing_written(shop):
        assert shop.deliver().status == 200
    finish(shop)
    assert ann.state(order) == "SUCCEEDED"
    assert_settled(shop)


def test_cancel_overtaken_by_the_payment_between_query_and_close(
    shop: Shop, ann: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a customer who pays after the channel said "not paid" and before it hears "close"
    order = ann.place()
    number = ann.start_paying(order)
    close = shop.wiring.wechat.close

    def late(*named: Any) -> Any:
        ann.pay_for(number)
        return close(*named)

    monkeypatch.setattr(shop.wiring.wechat, "close", late)

    # When
    answer = ann.post(f"/orders/{order}/cancel")

    # Then
    assert (answer.status, answer.body["state"]) == (200, "RECHARGING")
    shop.deliver()
    finish(shop)
    assert ann.state(order) == "SUCCEEDED"
    assert_settled(shop)


def test_cancel_raced_by_the_callback_does_not_close(
    shop: Shop, ann: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a callback that is handled between the close at the channel and our own writing
    order = ann.place()
    number = ann.start_paying(order)
    close = shop.wiring.wechat.close

    def overtaken(*named: Any) -> Any:
        answer = close(*named)
        ann.pay_for(number, late=True)
        assert shop.deliver().status == 200
        return answer

    monkeypatch.setattr(shop.wiring.wechat, "close", overtaken)

    # When
    answer = ann.post(f"/orders/{order}/cancel")

    # Then the order went on with the payment
    assert_refused(answer, 409, "ORDER_STATE")
    finish(shop)
    assert ann.state(order) == "SUCCEEDED"
    assert_settled(shop)


@pytest.mark.parametrize("operation", ["query", "close"])
def test_cancel_waits_for_a_silent_channel(shop: Shop, ann: Customer, operation: str) -> None:
    # Given
    order = ann.place()
    ann.start_paying(order)
    shop.world.wechat.misbehave(operation, "status", count=1, status=500)

    # When
    with nothing_written(shop):
        answer = ann.post(f"/orders/{order}/cancel")

    # Then nothing is decided, and the next try goes through
    assert_refused(answer, 409, "CHANNEL_SILENT")
    assert ann.post(f"/orders/{order}/cancel").body["state"] == "CLOSED"


def test_a_lost_close_answer_closes_at_the_next_sweep(shop: Shop, ann: Customer) -> None:
    # Given an expired order whose close takes effect and is not answered
    shop.world.wechat.misbehave("close", "drop_after", count=1)
    order = ann.place()
    ann.start_paying(order)
    shop.clock.move(seconds=900)
    shop.sweep()
    assert ann.state(order) == "PAYING"

    # When
    shop.clock.move(seconds=60)
    shop.sweep()

    # Then
    assert ann.state(order) == "CLOSED"
    assert_settled(shop)


def test_an_unsure_prepare_is_not_cancelled_at_once(shop: Shop, ann: Customer) -> None:
    # Given a prepay that never arrived
    shop.world.wechat.misbehave("prepay", "drop_before", count=1)
    order = ann.place()
    ann.pay(order)

    # When it is cancelled while the call may still be under way, and a minute later
    with nothing_written(shop):
        soon = ann.post(f"/orders/{order}/cancel")
    shop.clock.move(seconds=60)
    later = ann.post(f"/orders/{order}/cancel")

    # Then
    assert_refused(soon, 409, "PAYMENT_IN_PROGRESS")
    assert later.body["state"] == "CLOSED"
    assert_settled(shop)


def test_a_prepay_that_never_arrived_frees_the_order_for_another_attempt(shop: Shop, ann: Customer) -> None:
    # Given
    shop.world.wechat.misbehave("prepay", "drop_before", count=1)
    order = ann.place()
    ann.pay(order, key="pay-key-1")

    # When the schedule learns that the channel knows no such trade
    shop.clock.move(seconds=60)
    shop.sweep()

    # Then the order can be paid by another method, and expires as ever
    answer = ann.pay(order, "WECHAT_NATIVE")
    assert answer.body["payment"]["out_trade_no"] == f"{order}P02"
    shop.clock.move(seconds=900)
    shop.sweep()
    assert ann.state(order) == "CLOSED"
    assert_settled(shop)


def test_two_sweeps_at_once_settle_once(shop: Shop, ann: Customer) -> None:
    # Given an expired order that two ticks of the schedule find
    ann.start_paying(ann.place())
    shop.clock.move(seconds=900)
    for _ in range(2):
        shop.function("orders/sweep_due")({}, None)

    # When
    shop.drain()

    # Then
    items = shop.wiring.engine.items(Table.ORDERS)
    assert [item["state"] for item in items if item["sk"] == "#ORDER"] == ["CLOSED"]
    assert_settled(shop)
