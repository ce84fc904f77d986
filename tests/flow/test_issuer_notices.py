"""The issuer's callbacks: doubled, early, contradictory and forged; a notice is a reason to ask."""

from typing import Any

import pytest

from flow.books import (
    assert_books_agree,
    assert_settled,
    channel_refunds,
    due,
    kinds,
    nets,
    nothing_written,
    recharges,
)
from flow.customers import Customer
from flow.moves import sqs, sweep_after
from flow.notices import hand_over, issuer_letter, take
from octane.issuers.names import Issuer
from octane.issuers.port import RechargeRequest
from octane.kernel.fulfilment import FulfilmentReport, FulfilmentState
from octane.kernel.money import Fen
from world.shop import SINOPEC_CARD, Shop, context


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


def test_an_issuer_that_takes_its_success_back_is_recorded_and_moves_no_money(
    shop: Shop, ann: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a delivered top-up, and an issuer that now says that it failed, whenever it is asked
    order = ann.topped_up()
    reference = recharges(shop)[0]["sporder_id"]
    denial = FulfilmentReport(f"{order}R01", FulfilmentState.REFUSED, reference, source="query")
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
    """The issuer's signature does not cover `sta`: a notice is a reason to ask, the answer decides."""
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
