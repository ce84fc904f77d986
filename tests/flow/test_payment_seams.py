"""Payments at the seams: lost, doubled, late, raced and wrong, and never charged or booked twice."""

from typing import Any

import pytest

from flow.books import (
    assert_refused,
    assert_settled,
    channel_refunds,
    kinds,
    nets,
    nothing_written,
    recharges,
    trades,
)
from flow.customers import Customer
from flow.notices import Forger, hand_over, take
from octane.channels.port import PaymentRequest
from octane.store.items import Table
from world.shop import Answer, Shop


def finish(shop: Shop) -> None:
    """Carry a paid order on until the issuer's word is in."""
    shop.drain()
    assert shop.deliver().body == "success"
    shop.drain()


def refunds_arrive(shop: Shop) -> None:
    shop.drain()
    assert shop.deliver().status == 200
    shop.drain()


def test_a_duplicate_callback_books_once(shop: Shop, ann: Customer) -> None:
    # Given a channel that sends the same notice twice, each signed anew
    shop.world.wechat.misbehave("payment_notice", "duplicate", count=1, times=1)
    order = ann.place()
    ann.pay_for(ann.start_paying(order))

    # When both arrive
    first = shop.deliver()
    with nothing_written(shop):
        second = shop.deliver()

    # Then both are acknowledged and one is booked
    assert (first.status, second.status) == (200, 200)
    finish(shop)
    assert kinds(shop) == ["payment_received", "recharge_succeeded"]
    assert ann.events(order).count("OrderPaid") == 1
    assert_settled(shop)


def test_a_late_duplicate_of_a_finished_order_changes_nothing(shop: Shop, ann: Customer) -> None:
    # Given
    shop.world.wechat.misbehave("payment_notice", "duplicate", count=1, times=1)
    order = ann.place()
    ann.pay_for(ann.start_paying(order))
    shop.deliver()
    second = take(shop)
    finish(shop)

    # When
    with nothing_written(shop):
        answer = shop.answer(second)

    # Then
    assert answer.status == 200
    assert ann.state(order) == "SUCCEEDED"
    assert_settled(shop)


def test_a_callback_that_we_could_not_answer_comes_again(shop: Shop, ann: Customer) -> None:
    # Given a channel that does not wait between deliveries, and a first answer of 503
    shop.world.wechat.post("/time", factor=0)
    order = ann.place()
    ann.pay_for(ann.start_paying(order))
    take(shop).reply(503, "")

    # When it comes again
    assert shop.deliver().status == 200

    # Then
    finish(shop)
    assert ann.state(order) == "SUCCEEDED"
    assert_settled(shop)


def test_the_callback_comes_before_the_prepay_answer(
    shop: Shop, ann: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a customer and a channel that are faster than the channel's answer to us
    order = ann.place()
    prepare = shop.wiring.channel.prepare

    def slow(request: PaymentRequest) -> Any:
        answer = prepare(request)
        ann.pay_for(request.out_trade_no)
        assert shop.deliver().status == 200
        return answer

    monkeypatch.setattr(shop.wiring.channel, "prepare", slow)

    # When
    answer = ann.pay(order)

    # Then the call is told that the order has moved on, and the payment stands
    assert_refused(answer, 409, "CHANGED_MEANWHILE")
    assert ann.state(order) == "RECHARGING"
    finish(shop)
    assert ann.state(order) == "SUCCEEDED"
    assert_settled(shop)


def test_a_dropped_prepay_answer_is_asked_again_under_the_same_number(shop: Shop, ann: Customer) -> None:
    # Given a prepay that takes effect and whose answer is lost
    shop.world.wechat.misbehave("prepay", "drop_after", count=1)
    order = ann.place()
    lost = ann.pay(order, key="pay-key-1")
    assert_refused(lost, 504, "PAYMENT_UNKNOWN")
    assert ann.state(order) == "PAYING"

    # When the very same request is sent again
    again = ann.pay(order, key="pay-key-1")

    # Then it continues the same trade, and there is one
    assert again.status == 200
    assert trades(shop) == {f"{order}P01": "NOTPAY"}
    assert again.body["payment"]["out_trade_no"] == f"{order}P01"
    ann.pay_for(f"{order}P01")
    shop.deliver()
    finish(shop)
    assert_settled(shop)


def test_a_dropped_prepay_is_continued_under_another_key_too(shop: Shop, ann: Customer) -> None:
    # Given
    shop.world.wechat.misbehave("prepay", "drop_after", count=1)
    order = ann.place()
    ann.pay(order)

    # When the customer taps again, as a new request
    again = ann.pay(order)

    # Then
    assert again.status == 200
    assert list(trades(shop)) == [f"{order}P01"]


@pytest.mark.parametrize(("status", "after"), [(500, False), (500, True), (429, False)])
def test_a_failing_channel_leaves_the_payment_unknown(
    shop: Shop, ann: Customer, status: int, after: bool
) -> None:
    # Given a channel that answers an error of its own
    shop.world.wechat.misbehave("prepay", "status", count=1, status=status, after=after)
    order = ann.place()

    # When
    answer = ann.pay(order, key="pay-key-1")

    # Then the same request may be sent again and goes through
    assert_refused(answer, 504, "PAYMENT_UNKNOWN")
    assert ann.pay(order, key="pay-key-1").status == 200
    assert list(trades(shop)) == [f"{order}P01"]


def test_an_answer_with_a_wrong_signature_is_not_believed(shop: Shop, ann: Customer) -> None:
    # Given
    shop.world.wechat.misbehave("prepay", "wrong_signature", count=1)
    order = ann.place()

    # When
    answer = ann.pay(order, key="pay-key-1")

    # Then
    assert_refused(answer, 504, "PAYMENT_UNKNOWN")
    assert ann.pay(order, key="pay-key-1").status == 200


def test_a_refused_prepay_can_be_tried_under_a_new_key(shop: Shop, ann: Customer) -> None:
    # Given a channel that definitely refuses
    shop.world.wechat.misbehave("prepay", "refuse", count=1, code="RULE_LIMIT")
    order = ann.place()

    # When
    refused = ann.pay(order, key="pay-key-1")
    replayed = ann.pay(order, key="pay-key-1")
    second = ann.pay(order, key="pay-key-2")

    # Then the key is answered the same for ever, and a new one opens a new attempt
    assert_refused(refused, 422, "PAYMENT_REFUSED")
    assert_refused(replayed, 422, "PAYMENT_REFUSED")
    assert second.body["payment"]["out_trade_no"] == f"{order}P02"
    ann.pay_for(f"{order}P02")
    shop.deliver()
    finish(shop)
    assert_settled(shop)


def test_a_double_tap_prepares_one_trade(
    shop: Shop, ann: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a second tap that overtakes the first one while it talks to the channel
    order = ann.place()
    prepare = shop.wiring.channel.prepare
    taps: list[Answer] = []

    def slow(request: PaymentRequest) -> Any:
        monkeypatch.setattr(shop.wiring.channel, "prepare", prepare)
        answer = prepare(request)
        taps.append(ann.pay(order, key="second-tap"))
        return answer

    monkeypatch.setattr(shop.wiring.channel, "prepare", slow)

    # When
    taps.append(ann.pay(order, key="first-tap"))

    # Then both get the same payment
    assert [tap.status for tap in taps] == [200, 200]
    assert taps[0].body["payment"] == taps[1].body["payment"]
    assert list(trades(shop)) == [f"{order}P01"]
    assert ann.events(order).count("PaymentStarted") == 1


def test_a_double_tap_opens_one_attempt(shop: Shop, ann: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a second tap between the first one's reading and its writing
    order = ann.place()
    engine = shop.wiring.engine
    transact = engine.transact
    taps: list[Answer] = []

    def overtaken(writes: Any, token: str) -> None:
        monkeypatch.setattr(engine, "transact", transact)
        taps.append(ann.pay(order, key="second-tap"))
        transact(writes, token)

    monkeypatch.setattr(engine, "transact", overtaken)

    # When
    first = ann.pay(order, key="first-tap")

    # Then the slower one is refused and nothing was opened twice
    assert taps[0].status == 200
    assert_refused(first, 409, "CHANGED_MEANWHILE")
    assert list(trades(shop)) == [f"{order}P01"]
    assert ann.pay(order, key="first-tap").body["payment"] == taps[0].body["payment"]


def test_another_method_waits_for_the_open_attempt(shop: Shop, ann: Customer) -> None:
    # Given
    order = ann.place()
    ann.start_paying(order)

    # When
    with nothing_written(shop):
        answer = ann.pay(order, "WECHAT_NATIVE")

    # Then
    assert_refused(answer, 409, "PAYMENT_IN_PROGRESS")


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
    close = shop.wiring.channel.close

    def late(*named: Any) -> Any:
        ann.pay_for(number)
        return close(*named)

    monkeypatch.setattr(shop.wiring.channel, "close", late)

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
    close = shop.wiring.channel.close

    def overtaken(*named: Any) -> Any:
        answer = close(*named)
        ann.pay_for(number, late=True)
        assert shop.deliver().status == 200
        return answer

    monkeypatch.setattr(shop.wiring.channel, "close", overtaken)

    # When
    answer = ann.post(f"/orders/{order}/cancel")

    # Then the order went on with the payment
    assert_refused(answer, 409, "CHANGED_MEANWHILE")
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


def test_a_second_success_on_a_closed_attempt_is_refunded(shop: Shop, ann: Customer) -> None:
    # Given an attempt that the channel closed by itself, and a second one that is paid
    order = ann.place()
    first = ann.start_paying(order)
    shop.wiring.channel.close(first, None)
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
    shop.wiring.channel.close(first, None)
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
    shop.wiring.channel.close(number, None)
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


def test_reordered_callbacks_of_two_orders_do_not_mix(shop: Shop, ann: Customer) -> None:
    # Given two orders, the first one's notice held until the second one's was sent
    orders = [ann.place(1_000), ann.place(2_000)]
    numbers = [ann.start_paying(order) for order in orders]
    shop.world.wechat.misbehave("payment_notice", "reorder", count=1, key=numbers[0], ms=2_000)

    # When
    for number in numbers:
        ann.pay_for(number)
    for _ in numbers:
        shop.deliver()
    shop.drain()
    for _ in numbers:
        shop.deliver()
    shop.drain()

    # Then
    assert [ann.state(order) for order in orders] == ["SUCCEEDED", "SUCCEEDED"]
    assert [ann.order(order).body["captured_fen"] for order in orders] == [1_000, 2_000]
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


def test_two_sweeps_at_once_settle_once(shop: Shop, ann: Customer) -> None:
    # Given an expired order that two ticks of the schedule find
    ann.start_paying(ann.place())
    shop.clock.move(seconds=900)
    for _ in range(2):
        shop.function("orders/sweep_due")({}, None)

    # When
    shop.drain()

    # Then
    assert [item["state"] for item in shop.wiring.engine.items(Table.ORDERS) if item["sk"] == "#ORDER"] == ["CLOSED"]
    assert_settled(shop)
