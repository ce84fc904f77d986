"""Recharges at the seams: a card is recharged once, and "failed" needs a proof."""

from typing import Any

import pytest

from flow.books import (
    assert_settled,
    channel_refunds,
    due,
    nothing_written,
    recharges,
)
from flow.customers import Customer
from flow.moves import sqs, sweep_after
from octane.orders.states import Queue
from world.shop import Shop, context


def test_a_submit_lost_before_its_effect_goes_again_under_the_same_number(shop: Shop, ann: Customer) -> None:
    # Given
    shop.world.issuer.misbehave("submit", "drop_before", count=1)
    order = ann.paid()
    shop.drain()
    assert recharges(shop) == []
    assert ann.state(order) == "RECHARGING"

    # When the query finds that the issuer knows nothing
    sweep_after(shop, 60)
    shop.deliver()
    shop.drain()

    # Then
    assert ann.state(order) == "SUCCEEDED"
    assert [recharge["uorderid"] for recharge in recharges(shop)] == [f"{order}R01"]
    assert_settled(shop)


def test_a_worker_that_died_after_its_claim_is_found(
    shop: Shop, ann: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a worker that claims the order and dies before it calls the issuer
    order = ann.paid()

    class DiedError(BaseException):
        pass

    def die(_: object) -> None:
        raise DiedError

    with monkeypatch.context() as patched:
        patched.setattr(shop.wiring.issuer, "submit", die)
        with pytest.raises(DiedError):
            shop.drain()

    # When its lease is over
    sweep_after(shop, 59)
    assert recharges(shop) == []
    sweep_after(shop, 1)
    shop.deliver()
    shop.drain()

    # Then
    assert ann.state(order) == "SUCCEEDED"
    assert len(recharges(shop)) == 1
    assert_settled(shop)


def test_a_worker_that_died_after_its_submit_does_not_submit_twice(
    shop: Shop, ann: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a worker that dies with the issuer's answer in its hands
    shop.world.issuer.misbehave("recharge_notice", "lose")
    order = ann.paid()
    submit = shop.wiring.issuer.submit

    class DiedError(BaseException):
        pass

    def die(request: Any) -> None:
        submit(request)
        raise DiedError

    with monkeypatch.context() as patched:
        patched.setattr(shop.wiring.issuer, "submit", die)
        with pytest.raises(DiedError):
            shop.drain()

    # When
    while due(shop):
        sweep_after(shop, 60)

    # Then
    assert ann.state(order) == "SUCCEEDED"
    assert len(recharges(shop)) == 1
    assert_settled(shop)


@pytest.mark.parametrize("code", ["10014", "208709", "999999"])
def test_an_error_that_settles_nothing_is_queried(shop: Shop, ann: Customer, code: str) -> None:
    # Given an issuer that answers a submit with a code that is no definite no
    shop.world.issuer.misbehave("submit", "refuse", count=1, code=code)
    order = ann.paid()
    shop.drain()
    assert ann.state(order) == "RECHARGING"

    # When
    sweep_after(shop, 60)
    shop.deliver()
    shop.drain()

    # Then
    assert ann.state(order) == "SUCCEEDED"
    assert channel_refunds(shop) == []
    assert_settled(shop)


@pytest.mark.parametrize("after", [False, True])
def test_a_failing_issuer_is_queried(shop: Shop, ann: Customer, after: bool) -> None:
    # Given a 500 before or after the effect
    shop.world.issuer.misbehave("submit", "status", count=1, status=500, after=after)
    shop.world.issuer.misbehave("recharge_notice", "lose")
    order = ann.paid()
    shop.drain()

    # When
    while due(shop):
        sweep_after(shop, 60)

    # Then
    assert ann.state(order) == "SUCCEEDED"
    assert len(recharges(shop)) == 1
    assert_settled(shop)


def test_a_duplicate_refused_after_an_unknown_submit_is_no_proof(shop: Shop, ann: Customer) -> None:
    # Given a submit that took effect unheard, and an issuer that denies it when asked first
    shop.world.issuer.misbehave("submit", "drop_after", count=1)
    shop.world.issuer.misbehave("query", "refuse", count=1, code="208707")
    shop.world.issuer.misbehave("recharge_notice", "lose")
    order = ann.paid()
    shop.drain()

    # When the same number is sent again and refused as a duplicate
    sweep_after(shop, 60)
    assert ann.state(order) == "RECHARGING"
    while due(shop):
        sweep_after(shop, 60)

    # Then the query told the truth: recharged once, nothing refunded
    assert ann.state(order) == "SUCCEEDED"
    assert len(recharges(shop)) == 1
    assert channel_refunds(shop) == []
    assert_settled(shop)


def test_an_issuer_that_denies_and_refuses_what_it_did_is_not_believed(shop: Shop, ann: Customer) -> None:
    """NOT_FOUND is proof of nothing (the port), so a refused second submit says nothing of the first."""
    # Given a submit that took effect unheard, an issuer that denies it, and a refusal of the next submit
    shop.world.issuer.misbehave("submit", "drop_after", count=1)
    shop.world.issuer.misbehave("recharge_notice", "lose")
    order = ann.paid()
    shop.drain()
    shop.world.issuer.misbehave("query", "refuse", count=1, code="208707")
    shop.world.issuer.misbehave("submit", "refuse", count=1, code="208705")

    # When
    while due(shop):
        sweep_after(shop, 60)

    # Then the card's money is not given back as well
    assert channel_refunds(shop) == []
    assert ann.state(order) == "SUCCEEDED"
    assert_settled(shop)


def test_an_issuer_that_forgets_what_it_accepted_is_not_believed(shop: Shop, ann: Customer) -> None:
    # Given an accepted recharge whose outcome nobody tells
    shop.world.issuer.misbehave("submit", "stay", count=1)
    order = ann.paid()
    shop.drain()

    # When the issuer denies it again and again, and refuses every further submit
    shop.world.issuer.misbehave("query", "refuse", count=5, code="208707")
    shop.world.issuer.misbehave("submit", "refuse", code="208705")
    for _ in range(60):
        sweep_after(shop, 600)
    assert (ann.state(order), channel_refunds(shop)) == ("RECHARGING", [])
    assert shop.signals.named("RechargeOverdue")

    # Then its own word ends it
    shop.world.issuer.post("/recharges/end", orderid=f"{order}R01", state=1)
    assert shop.deliver().body == "success"
    assert ann.state(order) == "SUCCEEDED"
    assert_settled(shop)


def test_a_refusal_after_a_submit_that_never_arrived_ends_the_order(shop: Shop, ann: Customer) -> None:
    # Given a submit lost before its effect, and an issuer that will not take the card
    shop.world.issuer.misbehave("submit", "drop_before", count=1)
    shop.world.issuer.misbehave("submit", "refuse", code="208703")
    order = ann.paid()
    shop.drain()

    # When it is asked and told again as often as it takes
    for _ in range(10):
        sweep_after(shop, 600)
        if ann.state(order) == "FAILED":
            break

    # Then the customer has the money back
    shop.deliver()
    shop.drain()
    assert ann.state(order) == "FAILED"
    assert channel_refunds(shop) == [(f"{order}P01", 10_000, "SUCCESS")]
    assert_settled(shop)


def test_a_duplicated_recharge_message_submits_once(shop: Shop, ann: Customer) -> None:
    # Given
    order = ann.paid()
    message = {"order_id": order, "event": "OrderPaid"}

    # When the queue delivers the message three times, twice in one batch
    worker = shop.function("orders/recharge_order")
    assert worker(sqs(message, message), context()) == {"batchItemFailures": []}
    assert worker(sqs(message), context()) == {"batchItemFailures": []}
    shop.drain()
    shop.deliver()
    shop.drain()

    # Then
    assert len(recharges(shop)) == 1
    assert ann.state(order) == "SUCCEEDED"
    with nothing_written(shop):
        assert worker(sqs(message), context()) == {"batchItemFailures": []}
    assert_settled(shop)


def test_a_lost_recharge_message_is_made_up_for_by_the_sweep(shop: Shop, ann: Customer) -> None:
    # Given a paid order whose message is lost between stream and queue
    order = ann.paid()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(shop.wiring.lists, "send", lambda *_: None)
        shop.drain()
    assert recharges(shop) == []

    # When
    sweep_after(shop, 60)
    shop.deliver()
    shop.drain()

    # Then
    assert ann.state(order) == "SUCCEEDED"
    assert len(recharges(shop)) == 1
    assert_settled(shop)


def test_a_message_that_nobody_can_read_fails_alone(shop: Shop, ann: Customer) -> None:
    # Given a batch of garbage, an order that does not exist, and a good message
    order = ann.paid()
    batch = sqs("garbage", {"order_id": 7}, {"order_id": order})
    batch["Records"][0]["body"] = "{not json"

    # When
    answer = shop.function("orders/recharge_order")(batch, context())

    # Then the good one was done, and the others go back to the queue
    assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == ["0", "1"]
    shop.drain()
    shop.deliver()
    assert ann.state(order) == "SUCCEEDED"


def test_a_message_for_an_unpaid_order_does_nothing(shop: Shop, ann: Customer) -> None:
    # Given an order that nobody has paid
    order = ann.place()
    ann.start_paying(order)

    # When
    with nothing_written(shop):
        answer = shop.function("orders/recharge_order")(sqs({"order_id": order}), context())

    # Then
    assert answer == {"batchItemFailures": []}
    assert recharges(shop) == []


def test_a_recharge_that_takes_too_long_is_an_alarm_and_not_a_failure(shop: Shop, ann: Customer) -> None:
    # Given an issuer that stays in progress
    shop.world.issuer.misbehave("submit", "stay", count=1)
    order = ann.paid()
    shop.drain()

    # When fifteen minutes pass
    for _ in range(15):
        sweep_after(shop, 60)
    assert shop.signals.named("RechargeOverdue") == [{"order_id": order}]
    for _ in range(60):
        sweep_after(shop, 60)

    # Then nothing is decided, the queries have grown rare, and the issuer's word still counts
    assert ann.state(order) == "RECHARGING"
    assert channel_refunds(shop) == []
    shop.world.issuer.post("/recharges/end", orderid=f"{order}R01", state=1)
    assert shop.deliver().body == "success"
    assert ann.state(order) == "SUCCEEDED"
    assert_settled(shop)


def test_the_sweep_sends_each_order_that_is_due(shop: Shop, ann: Customer) -> None:
    # Given a dozen expired orders
    orders = [ann.place(100 + no) for no in range(12)]
    shop.clock.move(seconds=900)

    # When
    shop.function("orders/sweep_due")({}, None)

    # Then all are in the queue
    queued = [message["order_id"] for message in shop.wiring.lists.messages[Queue.DUE]]
    assert sorted(queued) == sorted(orders)
    shop.drain()
    assert due(shop) == []
