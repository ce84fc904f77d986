"""Idempotency-Key: needed where something is made; the same key replays the answer, another body is 409."""

from collections.abc import Callable
from typing import Any

import pytest

from flow.books import assert_refused, assert_settled, channel_refunds, nothing_written, trades
from flow.customers import Customer, log_in, new_customer, new_staff
from octane.kernel.caller import Role
from world.shop import SINOPEC_CARD, Answer, Shop

PETROCHINA_CARD = "9012345678901234"

Making = Callable[[Shop, Customer], tuple[Customer, str, dict[str, Any], dict[str, Any]]]
"""Who asks, the path, the body, and another body."""


def a_session(_: Shop, ann: Customer) -> tuple[Customer, str, dict[str, Any], dict[str, Any]]:
    """A code names its person: another code of the same one has its own test below."""
    return ann, "/sessions", {"provider": "WECHAT", "code": f"code-{ann.openid}"}, {}


def a_card(_: Shop, ann: Customer) -> tuple[Customer, str, dict[str, Any], dict[str, Any]]:
    one, other = ({"number": number, "holder_name": "somebody"} for number in (PETROCHINA_CARD, SINOPEC_CARD))
    return ann, "/cards", one, other


def an_order(_: Shop, ann: Customer) -> tuple[Customer, str, dict[str, Any], dict[str, Any]]:
    one, other = ({"card_id": ann.card_id, "amount_fen": amount} for amount in (1_000, 1_001))
    return ann, "/orders", one, other


def a_payment(_: Shop, ann: Customer) -> tuple[Customer, str, dict[str, Any], dict[str, Any]]:
    return ann, f"/orders/{ann.place()}/pay", {"method": "WECHAT_JSAPI"}, {"method": "WECHAT_NATIVE"}


def a_refund(shop: Shop, ann: Customer) -> tuple[Customer, str, dict[str, Any], dict[str, Any]]:
    path = f"/orders/{ann.topped_up()}/refunds"
    one, other = ({"amount_fen": amount, "reason": "goodwill"} for amount in (100, 101))
    return new_staff(shop, Role.FINANCE), path, one, other


def a_quick_payment(_: Shop, ann: Customer) -> tuple[Customer, str, dict[str, Any], dict[str, Any]]:
    common = {"userId": ann.user_id, "paymentMethod": "WECHAT_JSAPI"}
    return ann, "/payments/create", {**common, "amount": 19.99}, {**common, "amount": 20.01}


EVERY = pytest.mark.parametrize("making", [a_session, a_card, an_order, a_payment, a_refund, a_quick_payment])


def without_key(person: Customer, path: str, body: dict[str, Any], **headers: str) -> Answer:
    return person.shop.call("POST", f"/api/v1{path}", body, token=person.token, headers=headers)


@EVERY
def test_missing(shop: Shop, ann: Customer, making: Making) -> None:
    person, path, body, _ = making(shop, ann)
    with nothing_written(shop):
        answer = without_key(person, path, body)
    assert_refused(answer, 400, "INVALID_REQUEST")
    assert "idempotency-key" in answer.body["error"]["message"].lower()


@EVERY
@pytest.mark.parametrize(
    "key", ["k", "1234567", "k" * 256, "k" * 300, "with space", "schlüssel-1", "", "\t" * 8]
)
def test_too_short_too_long_or_not_plain(shop: Shop, ann: Customer, making: Making, key: str) -> None:
    person, path, body, _ = making(shop, ann)
    with nothing_written(shop):
        answer = without_key(person, path, body, **{"Idempotency-Key": key})
    assert_refused(answer, 400, "INVALID_REQUEST")


@EVERY
@pytest.mark.parametrize("key", ["12345678", "k" * 255, "!~!~!~!~"])
def test_the_shortest_and_the_longest(shop: Shop, ann: Customer, making: Making, key: str) -> None:
    person, path, body, _ = making(shop, ann)
    assert person.post(path, body, key).status in {200, 201}


@EVERY
def test_the_same_key_replays_the_same_answer(shop: Shop, ann: Customer, making: Making) -> None:
    # Given
    person, path, body, _ = making(shop, ann)
    first = person.post(path, body, "the-same-key")

    # When it is sent again, fields in another order
    with nothing_written(shop):
        again = person.post(path, dict(reversed(body.items())), "the-same-key")

    # Then
    assert again.status == first.status
    assert without_tokens(again.body) == without_tokens(first.body)


def without_tokens(body: dict[str, Any]) -> dict[str, Any]:
    """An access token says when it was made; all else of a replay is the same."""
    return {name: value for name, value in body.items() if name != "access_token"}


@pytest.mark.parametrize("making", [a_card, an_order, a_payment, a_refund, a_quick_payment])
def test_another_body_under_the_same_key(shop: Shop, ann: Customer, making: Making) -> None:
    # Given
    person, path, body, other = making(shop, ann)
    first = person.post(path, body, "the-same-key")

    # When
    with nothing_written(shop):
        answer = person.post(path, other, "the-same-key")

    # Then it is refused, and the key still answers its own request
    assert_refused(answer, 409, "IDEMPOTENCY_KEY_REUSED")
    assert person.post(path, body, "the-same-key").body == first.body


def test_another_code_of_the_same_person_under_the_same_key(
    shop: Shop, ann: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a person who logs in with one code, and a second code that is theirs too
    identify = shop.wiring.login_provider.identify
    monkeypatch.setattr(shop.wiring.login_provider, "identify", lambda _: identify(f"code-{ann.openid}"))
    first = shop.post("/api/v1/sessions", {"provider": "WECHAT", "code": "first"}, key="the-same-key")
    assert first.status == 201

    # When the key comes with the second one
    with nothing_written(shop):
        answer = shop.post("/api/v1/sessions", {"provider": "WECHAT", "code": "second"}, key="the-same-key")

    # Then
    assert_refused(answer, 409, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize("making", [a_card, an_order, a_quick_payment])
def test_keys_are_each_persons_own(shop: Shop, ann: Customer, making: Making) -> None:
    # Given two people whose apps made the same key
    bob = new_customer(shop)
    first = ann.post(*making(shop, ann)[1:3], "the-same-key")

    # When
    second = bob.post(*making(shop, bob)[1:3], "the-same-key")

    # Then each has their own
    assert (first.status, second.status) == (201, 201)
    assert first.body != second.body


def test_keys_of_different_calls_do_not_meet(shop: Shop, ann: Customer) -> None:
    # Given one key for everything
    key = "one-for-all-1"
    card = ann.post("/cards", {"number": SINOPEC_CARD, "holder_name": "somebody"}, key)
    order = ann.post("/orders", {"card_id": ann.card_id, "amount_fen": 1_000}, key)
    paid = ann.pay(order.body["order_id"], key=key)
    body = {"userId": ann.user_id, "amount": 10, "paymentMethod": "WECHAT_JSAPI"}

    # When
    quick = ann.post("/payments/create", body, key)

    # Then
    assert [answer.status for answer in (card, order, paid, quick)] == [201, 201, 200, 201]
    assert quick.body["order"]["order_id"] != order.body["order_id"]


def test_a_key_of_one_order_pays_another_one(shop: Shop, ann: Customer) -> None:
    orders = [ann.place(), ann.place()]
    assert [ann.pay(order, key="pay-key-1").status for order in orders] == [200, 200]
    assert len(trades(shop)) == 2


def test_a_replayed_order_shows_how_far_it_is(shop: Shop, ann: Customer) -> None:
    # Given an order that has moved on since
    body = {"card_id": ann.card_id, "amount_fen": 10_000}
    order = ann.post("/orders", body, "order-key-1").body["order_id"]
    ann.pay_for(ann.start_paying(order))
    shop.deliver()

    # When
    again = ann.post("/orders", body, "order-key-1")

    # Then it is the same order, and no second one
    assert (again.status, again.body["order_id"], again.body["state"]) == (201, order, "RECHARGING")
    assert len(ann.get("/orders").body["orders"]) == 1


def test_a_replayed_order_whose_card_is_gone(shop: Shop, ann: Customer) -> None:
    # Given an order, placed; its answer was lost, and the card is unbound since
    body = {"card_id": ann.card_id, "amount_fen": 10_000}
    order = ann.post("/orders", body, "order-key-1").body["order_id"]
    shop.call("DELETE", f"/api/v1/cards/{ann.card_id}", token=ann.token)

    # When
    again = ann.post("/orders", body, "order-key-1")

    # Then the key still answers with it
    assert (again.status, again.body.get("order_id")) == (201, order)


def test_a_replayed_payment_after_its_end(shop: Shop, ann: Customer) -> None:
    # Given a payment that was made
    order = ann.place()
    first = ann.pay(order, key="pay-key-1")
    ann.pay_for(f"{order}P01")
    shop.deliver()

    # When
    with nothing_written(shop):
        again = ann.pay(order, key="pay-key-1")

    # Then the words are the same, and a new key finds nothing to pay
    assert again.body["payment"] == first.body["payment"]
    assert_refused(ann.pay(order, key="pay-key-2"), 409, "ORDER_STATE")


def test_a_replayed_refund_is_one_refund(shop: Shop, ann: Customer) -> None:
    # Given a refund of all that there is, which is done since
    order = ann.topped_up(10_000)
    finance = new_staff(shop, Role.FINANCE)
    body = {"amount_fen": 10_000, "reason": "goodwill"}
    first = finance.post(f"/orders/{order}/refunds", body, "refund-key-1")
    shop.drain()
    shop.deliver()
    shop.drain()

    # When
    with nothing_written(shop):
        again = finance.post(f"/orders/{order}/refunds", body, "refund-key-1")

    # Then
    assert again.status == 201
    assert again.body["refund_no"] == first.body["refund_no"] == f"{order}F01"
    assert channel_refunds(shop) == [(f"{order}P01", 10_000, "SUCCESS")]
    assert_settled(shop)


def test_two_places_at_once_make_one_order(
    shop: Shop, ann: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given the same request twice, the second between the first one's reading and writing
    body = {"card_id": ann.card_id, "amount_fen": 10_000}
    transact = shop.wiring.engine.transact
    answers: list[Answer] = []

    def overtaken(writes: Any, token: str) -> None:
        monkeypatch.setattr(shop.wiring.engine, "transact", transact)
        answers.append(ann.post("/orders", body, "order-key-1"))
        transact(writes, token)

    monkeypatch.setattr(shop.wiring.engine, "transact", overtaken)

    # When
    answers.append(ann.post("/orders", body, "order-key-1"))

    # Then both have the one order (of two calls within each other Powertools forgets the outer one's 201)
    assert {answer.status for answer in answers} <= {200, 201}
    assert answers[0].body == answers[1].body
    assert len(ann.get("/orders").body["orders"]) == 1


def test_a_quick_payment_continues_where_it_stopped(shop: Shop, ann: Customer) -> None:
    # Given a channel that drops the answer after the order was placed
    shop.world.wechat.misbehave("prepay", "drop_after", count=1)
    body = {"userId": ann.user_id, "amount": 19.99, "paymentMethod": "WECHAT_JSAPI"}
    assert_refused(ann.post("/payments/create", body, "quick-key-1"), 504, "PAYMENT_UNKNOWN")

    # When
    again = ann.post("/payments/create", body, "quick-key-1")

    # Then there is one order with one trade
    assert again.status == 201
    assert list(trades(shop)) == [again.body["payment"]["out_trade_no"]]
    assert len(ann.get("/orders").body["orders"]) == 1
    ann.pay_for(again.body["payment"]["out_trade_no"])
    shop.deliver()
    shop.drain()
    shop.deliver()
    assert_settled(shop)


def test_a_quick_payment_under_its_key_with_another_method(shop: Shop, ann: Customer) -> None:
    body = {"userId": ann.user_id, "amount": 19.99, "paymentMethod": "WECHAT_JSAPI"}
    assert ann.post("/payments/create", body, "quick-key-1").status == 201
    with nothing_written(shop):
        answer = ann.post("/payments/create", {**body, "paymentMethod": "WECHAT_NATIVE"}, "quick-key-1")
    assert_refused(answer, 409, "IDEMPOTENCY_KEY_REUSED")


def test_a_login_replayed_much_later(shop: Shop) -> None:
    # Given a login of ten minutes ago
    body = {"provider": "WECHAT", "code": "code-somebody"}
    assert shop.post("/api/v1/sessions", body, key="login-key-1").status == 201
    shop.clock.move(seconds=601)

    # When / Then
    with nothing_written(shop):
        assert_refused(shop.post("/api/v1/sessions", body, key="login-key-1"), 401, "UNAUTHENTICATED")


def test_a_login_replayed_after_logout_opens_nothing(shop: Shop) -> None:
    # Given somebody who logged in and out
    person = log_in(shop)
    body = {"provider": "WECHAT", "code": "code-somebody"}
    session = shop.post("/api/v1/sessions", body, key="login-key-1").body
    out = shop.call("DELETE", "/api/v1/sessions/current", token=session["access_token"])
    assert (out.status, person.get("/me").status) == (204, 200)

    # When the login's request is sent again
    with nothing_written(shop):
        answer = shop.post("/api/v1/sessions", body, key="login-key-1")

    # Then it does not bring the session back
    assert_refused(answer, 401, "SESSION_REVOKED")
