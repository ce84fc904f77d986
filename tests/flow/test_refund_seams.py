"""Refunds at the seams: never more than was captured, sent until proven, stuck only with an alarm."""

from typing import Any

import pytest

from flow.books import (
    assert_books_agree,
    assert_refused,
    assert_settled,
    channel_refunds,
    due,
    nets,
    nothing_written,
)
from flow.customers import Customer, new_staff
from flow.notices import Forger, hand_over, take
from octane.kernel.caller import Role
from world.shop import Answer, Shop


@pytest.fixture
def finance(shop: Shop) -> Customer:
    return new_staff(shop, Role.FINANCE)


def refused_by_issuer(shop: Shop, ann: Customer) -> str:
    """A paid order that failed; its refund is asked for and not yet answered by callback."""
    shop.world.issuer.misbehave("submit", "refuse", count=1, code="208703")
    order = ann.paid()
    shop.drain()
    assert ann.state(order) == "FAILED"
    return order


def grant(staff: Customer, order: str, amount: int, key: str | None = None) -> Answer:
    return staff.post(f"/orders/{order}/refunds", {"amount_fen": amount, "reason": "goodwill"}, key)


def statuses(ann: Customer, order: str) -> list[str]:
    return [refund["status"] for refund in ann.order(order).body["refunds"]]


def test_staff_refund_in_parts_up_to_what_was_captured(shop: Shop, ann: Customer, finance: Customer) -> None:
    # Given a delivered top-up of 100 yuan
    order = ann.topped_up(10_000)

    # When it is refunded in two parts
    answers = [grant(finance, order, 4_000), grant(finance, order, 6_000)]
    shop.drain()
    for _ in answers:
        shop.deliver()
    shop.drain()

    # Then a third one finds nothing left
    assert [answer.status for answer in answers] == [201, 201]
    with nothing_written(shop):
        assert_refused(grant(finance, order, 1), 409, "REFUND_EXCEEDS_CAPTURED")
    assert ann.order(order).body["refunded_fen"] == 10_000
    assert sorted(channel_refunds(shop)) == [
        (f"{order}P01", 4_000, "SUCCESS"),
        (f"{order}P01", 6_000, "SUCCESS"),
    ]
    assert nets(shop) == {"ISSUER_PAYABLE:SINOPEC": -10_000, "REFUND_EXPENSE": 10_000}
    assert_settled(shop)


def test_two_refunds_at_once_never_exceed_what_was_captured(
    shop: Shop, ann: Customer, finance: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given two people who each refund 60 of 100 yuan, the second between the first one's reading and writing
    order = ann.topped_up(10_000)
    transact = shop.wiring.engine.transact
    answers: list[Answer] = []

    def overtaken(writes: Any, token: str) -> None:
        monkeypatch.setattr(shop.wiring.engine, "transact", transact)
        answers.append(grant(finance, order, 6_000))
        transact(writes, token)

    monkeypatch.setattr(shop.wiring.engine, "transact", overtaken)

    # When
    first = grant(finance, order, 6_000, key="refund-key-1")

    # Then one is granted, and the other one cannot be even when tried again
    assert answers[0].status == 201
    assert_refused(first, 409, "CHANGED_MEANWHILE")
    assert_refused(grant(finance, order, 6_000, key="refund-key-1"), 409, "REFUND_EXCEEDS_CAPTURED")
    shop.drain()
    shop.deliver()
    shop.drain()
    assert channel_refunds(shop) == [(f"{order}P01", 6_000, "SUCCESS")]
    assert_settled(shop)


def test_a_refund_message_delivered_twice_refunds_once(shop: Shop, ann: Customer) -> None:
    # Given
    order = refused_by_issuer(shop, ann)
    message = {"messageId": "1", "eventSource": "aws:sqs", "body": f'{{"order_id":"{order}","refund_no":1}}'}

    # When
    shop.function("orders/refund_payment")({"Records": [message, message]}, None)
    shop.deliver()
    shop.drain()

    # Then
    assert channel_refunds(shop) == [(f"{order}P01", 10_000, "SUCCESS")]
    assert_settled(shop)


def test_a_refund_that_never_arrived_is_sent_again_by_the_sweep(shop: Shop, ann: Customer) -> None:
    # Given
    shop.world.wechat.misbehave("refund", "drop_before", count=1)
    order = refused_by_issuer(shop, ann)
    assert channel_refunds(shop) == []

    # When
    shop.clock.move(seconds=60)
    shop.sweep()
    shop.deliver()
    shop.drain()

    # Then
    assert statuses(ann, order) == ["SUCCEEDED"]
    assert_settled(shop)


@pytest.mark.parametrize("effect", ["drop_after", "wrong_signature"])
def test_a_lost_refund_answer_refunds_once(shop: Shop, ann: Customer, effect: str) -> None:
    # Given a refund that takes effect unheard, and a callback that never comes
    shop.world.wechat.misbehave("refund", effect, count=1)
    shop.world.wechat.misbehave("refund_notice", "lose")
    order = refused_by_issuer(shop, ann)
    assert statuses(ann, order) == ["REQUESTED"]

    # When
    while due(shop):
        shop.clock.move(seconds=60)
        shop.sweep()

    # Then
    assert channel_refunds(shop) == [(f"{order}P01", 10_000, "SUCCESS")]
    assert ann.order(order).body["refunded_fen"] == 10_000
    assert_settled(shop)


def test_a_lost_refund_callback_is_found_by_query(shop: Shop, ann: Customer) -> None:
    # Given
    shop.world.wechat.misbehave("refund_notice", "lose")
    order = refused_by_issuer(shop, ann)
    assert statuses(ann, order) == ["PROCESSING"]

    # When
    while due(shop):
        shop.clock.move(seconds=60)
        shop.sweep()

    # Then
    assert statuses(ann, order) == ["SUCCEEDED"]
    assert_settled(shop)


def test_a_refund_that_the_channel_cannot_pay_now_goes_again(shop: Shop, ann: Customer) -> None:
    # Given a channel where our balance is too low for a while
    shop.world.wechat.misbehave("refund", "refuse", count=6, code="NOT_ENOUGH", status=403)
    order = refused_by_issuer(shop, ann)

    # When
    for _ in range(5):
        shop.clock.move(seconds=600)
        shop.sweep()
    assert shop.signals.named("RefundDelayed")
    shop.clock.move(seconds=600)
    shop.sweep()
    shop.deliver()
    shop.drain()

    # Then the same number was refunded, and an alarm had told of the delay
    assert channel_refunds(shop) == [(f"{order}P01", 10_000, "SUCCESS")]
    assert_settled(shop)


@pytest.mark.parametrize("outcome", ["ABNORMAL", "CLOSED"])
def test_a_refund_that_fails_is_stuck_and_told(shop: Shop, ann: Customer, outcome: str) -> None:
    # Given a refund that the channel accepts and cannot pay out
    shop.world.wechat.misbehave("refund", "fail", count=1, code=outcome)
    order = refused_by_issuer(shop, ann)

    # When its callback says so
    assert shop.deliver().status == 200
    shop.drain()

    # Then it is not asked for in vain, the money is still owed, and a person is told
    assert statuses(ann, order) == ["STUCK"]
    assert ann.order(order).body["refunded_fen"] == 0
    assert shop.signals.named("RefundStuck") == [{"refund_no": f"{order}F01", "state": outcome}]
    assert due(shop) == []
    assert nets(shop) == {"CHANNEL_RECEIVABLE:WECHAT": 10_000, "REFUND_PAYABLE": -10_000}
    assert_books_agree(shop)


def test_a_stuck_refund_found_by_query(shop: Shop, ann: Customer) -> None:
    # Given
    shop.world.wechat.misbehave("refund", "fail", count=1, code="ABNORMAL")
    shop.world.wechat.misbehave("refund_notice", "lose")
    order = refused_by_issuer(shop, ann)

    # When
    while due(shop):
        shop.clock.move(seconds=60)
        shop.sweep()

    # Then
    assert statuses(ann, order) == ["STUCK"]
    assert_books_agree(shop)


def test_a_refund_that_stays_in_progress_is_asked_about(shop: Shop, ann: Customer) -> None:
    # Given a refund that takes days
    shop.world.wechat.misbehave("refund", "stay", count=1)
    order = refused_by_issuer(shop, ann)
    for _ in range(20):
        shop.clock.move(seconds=600)
        shop.sweep()
    assert statuses(ann, order) == ["PROCESSING"]

    # When it ends
    shop.world.wechat.post("/refunds/end", out_refund_no=f"{order}F01")
    shop.deliver()
    shop.drain()

    # Then
    assert statuses(ann, order) == ["SUCCEEDED"]
    assert_settled(shop)


def test_a_duplicate_refund_callback_books_once(shop: Shop, ann: Customer) -> None:
    # Given
    shop.world.wechat.misbehave("refund_notice", "duplicate", count=1, times=1)
    order = refused_by_issuer(shop, ann)

    # When
    assert shop.deliver().status == 200
    with nothing_written(shop):
        assert shop.deliver().status == 200

    # Then
    shop.drain()
    assert ann.events(order).count("RefundSucceeded") == 1
    assert_settled(shop)


def test_a_refund_notice_of_another_amount_is_refused(shop: Shop, ann: Customer, forger: Forger) -> None:
    # Given
    shop.world.wechat.misbehave("refund", "stay", count=1)
    order = refused_by_issuer(shop, ann)

    # When
    with nothing_written(shop):
        answer = hand_over(shop, forger.refund(f"{order}F01", f"{order}P01", 9_999))

    # Then a person is told and nothing is booked
    assert (answer.status, answer.body["message"]) == (409, "REFUND_MISMATCH")
    assert shop.signals.named("RefundMismatch") == [{"refund_no": f"{order}F01"}]


def test_the_refund_callback_comes_before_the_answer(
    shop: Shop, ann: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a channel whose callback overtakes its answer
    refund = shop.wiring.wechat.refund

    def slow(request: Any) -> Any:
        answer = refund(request)
        assert shop.answer(take(shop)).status == 200
        return answer

    monkeypatch.setattr(shop.wiring.wechat, "refund", slow)
    shop.world.issuer.misbehave("submit", "refuse", count=1, code="208703")
    order = ann.paid()

    # When the worker comes to write what it was answered
    message = {"messageId": "1", "eventSource": "aws:sqs", "body": f'{{"order_id":"{order}","refund_no":1}}'}
    worker = shop.function("orders/refund_payment")
    recharge = {"messageId": "1", "eventSource": "aws:sqs", "body": f'{{"order_id":"{order}"}}'}
    shop.function("orders/recharge_order")({"Records": [recharge]}, None)
    worker({"Records": [message]}, None)
    worker({"Records": [message]}, None)

    # Then the end stands
    assert statuses(ann, order) == ["SUCCEEDED"]
    shop.drain()
    assert_settled(shop)
