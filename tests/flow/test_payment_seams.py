"""Payments at the seams: lost, doubled, late, raced and wrong, and never charged or booked twice."""

from typing import Any

import pytest

from flow.books import (
    assert_refused,
    assert_settled,
    kinds,
    nothing_written,
    trades,
)
from flow.customers import Customer
from flow.moves import finish
from flow.notices import take
from octane.channels.port import PaymentRequest
from world.shop import Answer, Shop


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
    prepare = shop.wiring.wechat.prepare

    def slow(request: PaymentRequest) -> Any:
        answer = prepare(request)
        ann.pay_for(request.trade.out_trade_no)
        assert shop.deliver().status == 200
        return answer

    monkeypatch.setattr(shop.wiring.wechat, "prepare", slow)

    # When
    answer = ann.pay(order)

    # Then the call is told that the order is paid, and the payment stands
    assert_refused(answer, 409, "ORDER_STATE")
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


def test_a_double_tap_prepares_one_trade(shop: Shop, ann: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a second tap that overtakes the first one while it talks to the channel
    order = ann.place()
    prepare = shop.wiring.wechat.prepare
    taps: list[Answer] = []

    def slow(request: PaymentRequest) -> Any:
        monkeypatch.setattr(shop.wiring.wechat, "prepare", prepare)
        answer = prepare(request)
        taps.append(ann.pay(order, key="second-tap"))
        return answer

    monkeypatch.setattr(shop.wiring.wechat, "prepare", slow)

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

    # Then the slower one continues what the faster one opened
    assert [taps[0].status, first.status] == [200, 200]
    assert first.body["payment"] == taps[0].body["payment"]
    assert list(trades(shop)) == [f"{order}P01"]
    assert ann.events(order).count("PaymentStarted") == 1


def test_another_method_closes_the_open_attempt_first(shop: Shop, ann: Customer) -> None:
    # Given
    order = ann.place()
    first = ann.start_paying(order)

    # When
    answer = ann.pay(order, "WECHAT_NATIVE")

    # Then the first can no longer be paid, and the second can
    assert answer.body["payment"]["out_trade_no"] == f"{order}P02"
    assert [trades(shop)[number] for number in (first, f"{order}P02")] == ["CLOSED", "NOTPAY"]


def test_another_method_waits_while_the_channel_does_not_confirm(shop: Shop, ann: Customer) -> None:
    # Given
    order = ann.place()
    ann.start_paying(order)
    shop.world.wechat.misbehave("close", "drop_before", count=1)

    # When
    with nothing_written(shop):
        answer = ann.pay(order, "WECHAT_NATIVE")

    # Then
    assert_refused(answer, 504, "PAYMENT_UNKNOWN")


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


def test_an_order_read_half_way_through_a_transaction_is_read_again(
    shop: Shop, ann: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a query that shows the order as paying, and not yet the attempt that came with it
    order = ann.place()
    ann.start_paying(order)
    engine = shop.wiring.engine
    whole = engine.query
    torn = [2]

    def query(asked: Any) -> Any:
        page = whole(asked)
        if torn[0]:
            torn[0] -= 1
            return page._replace(items=[i for i in page.items if not str(i["sk"]).startswith("ATTEMPT#")])
        return page

    monkeypatch.setattr(engine, "query", query)

    # When
    cancelled = ann.post(f"/orders/{order}/cancel")

    # Then the open attempt is closed with the order, not forgotten
    assert cancelled.status == 200
    assert trades(shop) == {f"{order}P01": "CLOSED"}
