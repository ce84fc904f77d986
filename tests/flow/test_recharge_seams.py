"""Recharges at the seams: a card is recharged once, and "failed" needs a proof."""

import json
from typing import Any

import pytest

from flow.books import assert_books_agree, assert_settled, channel_refunds, due, kinds, nets, nothing_written, recharges
from flow.customers import Customer
from flow.notices import hand_over, issuer_letter, take
from octane.issuers.port import Issuer, RechargeReport, RechargeRequest, RechargeState
from octane.kernel.money import Fen
from octane.orders.states import Queue
from world.shop import SINOPEC_CARD, Shop, context


def sqs(*messages: object) -> dict[str, Any]:
    return {
        "Records": [
            {"messageId": str(no), "body": json.dumps(message), "eventSource": "aws:sqs"}
            for no, message in enumerate(messages)
        ]
    }


def sweep_after(shop: Shop, seconds: int) -> None:
    shop.clock.move(seconds=seconds)
    shop.sweep()


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
    """The port: NOT_FOUND is proof of nothing, so a refusal of the second submit says nothing of the first."""
    # Given a submit that took effect unheard, an issuer that does not know it yet, and a refusal of the next submit
    shop.world.issuer.misbehave("submit", "drop_after", count=1)
    shop.world.issuer.misbehave("recharge_notice", "lose")
    order = ann.paid()
    shop.drain()
    shop.world.issuer.misbehave("query", "refuse", count=1, code="208707")
    shop.world.issuer.misbehave("submit", "refuse", count=1, code="208705")

    # When
    for _ in range(10):
        sweep_after(shop, 600)

    # Then the card's money is not given back as well
    assert channel_refunds(shop) == []
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


def test_duplicate_notices_of_the_issuer_book_once(shop: Shop, ann: Customer) -> None:
    # Given
    shop.world.issuer.misbehave("recharge_notice", "duplicate", count=1, times=2)
    order = ann.paid()
    shop.drain()

    # When
    assert shop.deliver().body == "success"
    with nothing_written(shop):
        assert shop.deliver().body == "success"
        assert shop.deliver().body == "success"

    # Then
    assert ann.state(order) == "SUCCEEDED"
    assert kinds(shop) == ["payment_received", "recharge_succeeded"]
    assert_settled(shop)


def test_the_issuers_callback_comes_before_its_answer(
    shop: Shop, ann: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given an issuer that tells the outcome while its answer to the submit is still on the way
    order = ann.paid()
    submit = shop.wiring.issuer.submit

    def slow(request: Any) -> Any:
        answer = submit(request)
        assert shop.deliver().body == "success"
        return answer

    monkeypatch.setattr(shop.wiring.issuer, "submit", slow)

    # When the worker writes what it was answered, and its message is delivered again
    message = {"order_id": order}
    first = shop.function("orders/recharge_order")(sqs(message), context())
    again = shop.function("orders/recharge_order")(sqs(message), context())

    # Then the outcome stands
    assert len(first["batchItemFailures"]) <= 1
    assert again == {"batchItemFailures": []}
    assert ann.state(order) == "SUCCEEDED"
    shop.drain()
    assert len(recharges(shop)) == 1
    assert_settled(shop)


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


def test_an_issuer_that_takes_its_success_back_is_recorded_and_moves_no_money(
    shop: Shop, ann: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a delivered top-up, and an issuer that now says that it failed, whenever it is asked
    order = ann.topped_up()
    reference = recharges(shop)[0]["sporder_id"]
    denial = RechargeReport(f"{order}R01", RechargeState.REFUSED, reference, source="query")
    monkeypatch.setattr(shop.wiring.issuer, "query", lambda _: denial)

    # When its notice says so, twice
    letter = issuer_letter(shop, reference, f"{order}R01", "9")
    assert hand_over(shop, letter).body == "success"
    with nothing_written(shop):
        assert hand_over(shop, letter).body == "success"

    # Then a person is told; no money moves
    assert ann.events(order)[-1] == "IssuerContradicted"
    assert shop.signals.named("IssuerContradicted")
    assert channel_refunds(shop) == []
    assert nets(shop) == {"CHANNEL_RECEIVABLE:WECHAT": 10_000, "ISSUER_PAYABLE:SINOPEC": -10_000}
    assert_settled(shop)


def test_a_forged_failure_of_a_delivered_top_up_changes_nothing(shop: Shop, ann: Customer) -> None:
    # Given
    order = ann.topped_up()
    reference = recharges(shop)[0]["sporder_id"]

    # When a notice says what the issuer, asked, does not
    with nothing_written(shop):
        hand_over(shop, issuer_letter(shop, reference, f"{order}R01", "9"))

    # Then
    assert ann.state(order) == "SUCCEEDED"
    assert shop.signals.named("IssuerContradicted") == []


def test_a_recharge_after_a_definite_refusal_is_our_loss(shop: Shop, ann: Customer) -> None:
    # Given an order that failed and was refunded
    shop.world.issuer.misbehave("submit", "refuse", count=1, code="208703")
    order = ann.paid()
    shop.drain()
    shop.deliver()
    shop.drain()
    assert ann.state(order) == "FAILED"

    # When the issuer recharges the card after all, and says so twice
    shop.world.issuer.misbehave("recharge_notice", "duplicate", count=1, times=1)
    request = RechargeRequest(
        f"{order}R01", Issuer.SINOPEC, SINOPEC_CARD, Fen(10_000), "13800138000", "somebody"
    )
    shop.wiring.issuer.submit(request)
    assert shop.deliver().body == "success"
    with nothing_written(shop):
        assert shop.deliver().body == "success"

    # Then it is booked as a loss, once, and all three books agree
    assert nets(shop) == {"ISSUER_PAYABLE:SINOPEC": -10_000, "RECHARGE_LOSS": 10_000}
    assert ann.state(order) == "FAILED"
    assert_settled(shop)


def test_a_notice_whose_outcome_was_changed_on_the_way_moves_no_money(shop: Shop, ann: Customer) -> None:
    """The issuer's signature does not cover `sta`: a notice is a reason to ask, and the issuer's answer decides."""
    # Given a recharge that succeeds, and its notice changed to say that it failed
    order = ann.paid()
    shop.drain()
    letter = take(shop)
    letter.body = letter.body.replace(b"sta=1", b"sta=9")

    # When
    shop.answer(letter)
    shop.drain()

    # Then the customer does not get the money back on top of the top-up
    assert channel_refunds(shop) == []
    while due(shop):
        sweep_after(shop, 60)
    assert ann.state(order) == "SUCCEEDED"
    assert_settled(shop)


def test_a_notice_that_claims_a_success_too_early_tops_up_nothing(shop: Shop, ann: Customer) -> None:
    # Given a running recharge, and a notice with a right signature that runs ahead of the issuer's books
    shop.world.issuer.misbehave("submit", "stay", count=1)
    order = ann.paid()
    shop.drain()
    reference = recharges(shop)[0]["sporder_id"]

    # When
    hand_over(shop, issuer_letter(shop, reference, f"{order}R01", "1"))

    # Then the books still agree
    assert_books_agree(shop)
    shop.world.issuer.post("/recharges/end", orderid=f"{order}R01", state=9)
    shop.deliver()
    shop.drain()
    shop.deliver()
    shop.drain()
    assert ann.state(order) == "FAILED"
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
