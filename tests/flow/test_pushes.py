"""WebSocket: connect with a token, be told what becomes of your orders, disconnect."""

from typing import Any

import pytest

from flow.books import assert_settled
from flow.customers import Customer, new_customer
from octane.notify.push import GoneError, Message
from octane.store.items import Table
from world.shop import Shop

ARN = "arn:aws:execute-api:region:1:socket/live/$connect"


def connect(shop: Shop, token: str, connection: str) -> dict[str, Any]:
    """Open a connection as API Gateway does: the authorizer reads the query, then the function runs."""
    event: dict[str, Any] = {
        "type": "REQUEST",
        "methodArn": ARN,
        "headers": {},
        "queryStringParameters": {"token": token},
        "requestContext": {"eventType": "CONNECT", "connectionId": connection, "routeKey": "$connect"},
    }
    policy = shop.function("identity/authorize")(event, None)
    event["requestContext"]["authorizer"] = policy["context"]
    answer: dict[str, Any] = shop.function("notify/connect")(event, None)
    return answer


def disconnect(shop: Shop, user_id: str | None, connection: str) -> dict[str, Any]:
    authorizer = {"user_id": user_id} if user_id else None
    context = {"eventType": "DISCONNECT", "connectionId": connection, "authorizer": authorizer}
    answer: dict[str, Any] = shop.function("notify/disconnect")({"requestContext": context}, None)
    return answer


def connections(shop: Shop) -> list[str]:
    items = shop.wiring.engine.items(Table.IDENTITY)
    return [str(item["sk"]) for item in items if str(item["sk"]).startswith("CONNECTION#")]


def test_a_person_is_told_what_becomes_of_their_order(
    shop: Shop, ann: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given two open pages of one person, and one of somebody else
    bob = new_customer(shop)
    for person, connection in ((ann, "page-1"), (ann, "page-2"), (bob, "page-3")):
        assert connect(shop, person.token, connection) == {"statusCode": 200}
    told: list[tuple[str, str]] = []
    monkeypatch.setattr(
        shop.wiring.lists, "post", lambda connection, message: told.append((connection, message["event"]))
    )

    # When the order goes its way
    order = ann.topped_up()

    # Then both pages were told, and nobody else
    assert told == [
        ("page-1", "OrderPaid"),
        ("page-2", "OrderPaid"),
        ("page-1", "OrderSucceeded"),
        ("page-2", "OrderSucceeded"),
    ]
    assert ann.state(order) == "SUCCEEDED"


def test_a_message_holds_no_more_than_the_page_needs(shop: Shop, ann: Customer) -> None:
    # Given
    connect(shop, ann.token, "page-1")

    # When
    order = ann.topped_up()

    # Then
    message = shop.wiring.lists.pushed[-1]
    assert message["at"].endswith("Z")
    assert {**message, "at": "", "no": ""} == {
        "type": "order.changed",
        "order_id": order,
        "state": "SUCCEEDED",
        "event": "OrderSucceeded",
        "no": "",
        "at": "",
    }


def test_closed_and_refunded_are_told(shop: Shop, ann: Customer) -> None:
    # Given
    connect(shop, ann.token, "page-1")
    order = ann.place()
    number = ann.start_paying(order)

    # When the order expires, is paid too late, and the money goes back
    shop.clock.move(seconds=900)
    shop.sweep()
    ann.pay_for(number, late=True)
    shop.deliver()
    shop.drain()
    shop.deliver()
    shop.drain()

    # Then
    told = [message["event"] for message in shop.wiring.lists.pushed]
    assert told == ["OrderClosed", "RefundRequested", "RefundSucceeded"]
    assert_settled(shop)


def test_a_page_that_closed_is_forgotten(shop: Shop, ann: Customer) -> None:
    # Given
    connect(shop, ann.token, "page-1")
    connect(shop, ann.token, "page-1")
    assert connections(shop) == ["CONNECTION#page-1"]

    # When it disconnects, twice, and once without a name
    for user_id in (ann.user_id, ann.user_id, None):
        assert disconnect(shop, user_id, "page-1") == {"statusCode": 200}

    # Then
    assert connections(shop) == []
    ann.topped_up()
    assert shop.wiring.lists.pushed == []


def test_a_page_that_is_gone_is_forgotten(shop: Shop, ann: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a page that vanished without a word
    connect(shop, ann.token, "page-1")

    def gone(_: str, _message: Message) -> None:
        raise GoneError

    monkeypatch.setattr(shop.wiring.lists, "post", gone)

    # When
    order = ann.topped_up()

    # Then
    assert connections(shop) == []
    assert ann.state(order) == "SUCCEEDED"


def test_a_push_that_fails_does_not_hold_up_the_order(
    shop: Shop, ann: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    connect(shop, ann.token, "page-1")

    def slow(_: str, _message: Message) -> None:
        raise TimeoutError

    monkeypatch.setattr(shop.wiring.lists, "post", slow)

    # When
    order = ann.topped_up()

    # Then the page may ask again; the order is the truth
    assert ann.state(order) == "SUCCEEDED"
    assert shop.signals.named("PushLost")
    assert_settled(shop)


@pytest.mark.parametrize("token", ["", "garbage", "a.b.c"])
def test_no_connection_without_a_token(shop: Shop, token: str) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        connect(shop, token, "page-1")
    assert connections(shop) == []
