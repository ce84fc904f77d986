"""Who sees and does what: one's own, and what a role permits."""

import base64
import json
from typing import Any

import pytest

from flow.books import assert_refused, nothing_written
from flow.customers import Customer, log_in, new_customer, new_staff
from octane.kernel.caller import Role
from world.shop import SINOPEC_CARD, Shop

READERS = [Role.OPERATOR, Role.FINANCE, Role.SUPPORT]


@pytest.fixture
def bob(shop: Shop) -> Customer:
    return new_customer(shop, card="9012345678901234")


def encoded(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


def test_other_peoples_orders_do_not_exist(shop: Shop, ann: Customer, bob: Customer) -> None:
    # Given
    order = bob.place()

    # When / Then
    with nothing_written(shop):
        assert_refused(ann.order(order), 404, "ORDER_NOT_FOUND")
        assert_refused(ann.pay(order), 404, "ORDER_NOT_FOUND")
        assert_refused(ann.post(f"/orders/{order}/cancel"), 404, "ORDER_NOT_FOUND")
        refund = ann.post(f"/orders/{order}/refunds", {"amount_fen": 1, "reason": "mine"})
        assert_refused(refund, 403, "FORBIDDEN")  # whosever the order is


def test_the_refusal_is_the_same_as_for_an_order_that_is_none(ann: Customer, bob: Customer) -> None:
    foreign, none = ann.order(bob.place()).body["error"], ann.order("T" * 26).body["error"]
    assert {**foreign, "request_id": ""} == {**none, "request_id": ""}


def test_other_peoples_cards_do_not_exist(shop: Shop, ann: Customer, bob: Customer) -> None:
    with nothing_written(shop):
        order = ann.post("/orders", {"card_id": bob.card_id, "amount_fen": 100})
        assert_refused(order, 404, "CARD_NOT_FOUND")
        gone = shop.call("DELETE", f"/api/v1/cards/{bob.card_id}", token=ann.token)
        assert_refused(gone, 404, "CARD_NOT_FOUND")
        body = {"userId": ann.user_id, "amount": 1.5, "paymentMethod": "WECHAT_JSAPI", "cardId": bob.card_id}
        assert_refused(ann.post("/payments/create", body), 404, "CARD_NOT_FOUND")
    assert [card["card_id"] for card in ann.get("/cards").body["cards"]] == [ann.card_id]


def test_nobody_pays_in_another_persons_name(shop: Shop, ann: Customer, bob: Customer) -> None:
    body = {"userId": bob.user_id, "amount": 1.5, "paymentMethod": "WECHAT_JSAPI"}
    finance = new_staff(shop, Role.FINANCE)
    with nothing_written(shop):
        assert_refused(ann.post("/payments/create", body), 403, "FORBIDDEN")
        assert_refused(finance.post("/payments/create", body), 403, "FORBIDDEN")


def test_one_number_on_two_accounts_is_two_cards(shop: Shop, ann: Customer) -> None:
    other = new_customer(shop)
    assert other.card_id != ann.card_id
    shop.call("DELETE", f"/api/v1/cards/{other.card_id}", token=other.token)
    assert len(ann.get("/cards").body["cards"]) == 1


def test_a_card_is_bound_listed_and_unbound(shop: Shop, ann: Customer) -> None:
    # Given an order with the card
    order = ann.place()

    # When
    gone = shop.call("DELETE", f"/api/v1/cards/{ann.card_id}", token=ann.token)

    # Then the order keeps what it needs of it
    assert (gone.status, ann.get("/cards").body) == (204, {"cards": []})
    again = shop.call("DELETE", f"/api/v1/cards/{ann.card_id}", token=ann.token)
    assert_refused(again, 404, "CARD_NOT_FOUND")
    ann.pay_for(ann.start_paying(order))
    shop.deliver()
    shop.drain()
    shop.deliver()
    assert ann.state(order) == "SUCCEEDED"
    assert ann.bind(SINOPEC_CARD) == ann.card_id


def test_a_listing_is_ones_own_newest_first(shop: Shop, ann: Customer, bob: Customer) -> None:
    # Given
    bob.place()
    orders = []
    for amount in (100, 200, 300):
        orders.append(ann.place(amount))
        shop.clock.move(seconds=1)

    # When
    listed = ann.get("/orders").body

    # Then
    assert [order["order_id"] for order in listed["orders"]] == orders[::-1]
    assert listed["next_cursor"] is None
    assert ann.get(f"/orders?userId={ann.user_id}").body == listed
    assert "timeline" not in listed["orders"][0]


def test_a_listing_in_pages(shop: Shop, ann: Customer) -> None:
    # Given five orders
    orders = []
    for amount in range(100, 105):
        orders.append(ann.place(amount))
        shop.clock.move(seconds=1)

    # When they are read two by two, and one more is placed meanwhile
    seen: list[str] = []
    page = ann.get("/orders?limit=2").body
    ann.place(999)
    while True:
        seen += [order["order_id"] for order in page["orders"]]
        if page["next_cursor"] is None:
            break
        page = ann.get(f"/orders?limit=2&cursor={page['next_cursor']}").body

    # Then each is seen once
    assert seen == orders[::-1]


def test_another_persons_listing_is_refused(shop: Shop, ann: Customer, bob: Customer) -> None:
    assert_refused(ann.get(f"/orders?userId={bob.user_id}"), 403, "FORBIDDEN")
    assert_refused(ann.get("/orders?userId=nobody"), 403, "FORBIDDEN")


def test_another_persons_cursor_is_refused(shop: Shop, ann: Customer, bob: Customer) -> None:
    # Given a cursor of somebody else
    bob.place()
    bob.place()
    cursor = bob.get("/orders?limit=1").body["next_cursor"]
    assert cursor

    # When / Then
    assert_refused(ann.get(f"/orders?cursor={cursor}"), 400, "CURSOR_INVALID")


def test_cursors_made_by_hand(shop: Shop, ann: Customer) -> None:
    # Given what a cursor may hold, one thing wrong at a time
    ann.place()
    shop.clock.move(seconds=1)
    ann.place()
    cursor = ann.get("/orders?limit=1").body["next_cursor"]
    true = json.loads(base64.urlsafe_b64decode(cursor))
    wrong: list[object] = [
        *({**true, name: value} for name in true for value in ("", 7, None, ["x"])),
        *({key: value for key, value in true.items() if key != name} for name in true),
        {**true, "more": "x"},
        {**true, "user_id": "U" * 26},
        {**true, "sk": "STEP#000001"},
        [], "x", 7, None, {},
    ]  # fmt: skip

    # When / Then
    for content in wrong:
        assert_refused(ann.get(f"/orders?cursor={encoded(content)}"), 400, "CURSOR_INVALID")
    for text in ("x", "!!!!", "AAAA", "%", "é", "A" * 1_000):
        assert_refused(ann.get(f"/orders?cursor={text}"), 400, "CURSOR_INVALID")
    assert_refused(ann.get(f"/orders?cursor={'A' * 1_025}"), 400, "INVALID_REQUEST")


@pytest.mark.parametrize("role", READERS)
def test_staff_read_everybodys_orders(shop: Shop, ann: Customer, role: Role) -> None:
    # Given
    order = ann.place()
    staff = new_staff(shop, role)

    # When / Then
    assert staff.order(order).body["order_id"] == order
    listed = staff.get(f"/orders?userId={ann.user_id}").body["orders"]
    assert [found["order_id"] for found in listed] == [order]
    assert staff.get("/orders").body["orders"] == []


@pytest.mark.parametrize("role", READERS)
def test_staff_neither_pay_nor_cancel_for_others(shop: Shop, ann: Customer, role: Role) -> None:
    # Given
    order = ann.place()
    staff = new_staff(shop, role)

    # When / Then
    with nothing_written(shop):
        assert_refused(staff.pay(order), 404, "ORDER_NOT_FOUND")
        assert_refused(staff.post(f"/orders/{order}/cancel"), 404, "ORDER_NOT_FOUND")


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.CUSTOMER, 403), (Role.SUPPORT, 403), (Role.OPERATOR, 201), (Role.FINANCE, 201)],
)
def test_who_grants_refunds(shop: Shop, ann: Customer, role: Role, status: int) -> None:
    # Given a delivered top-up
    order = ann.topped_up()
    person = ann if role is Role.CUSTOMER else new_staff(shop, role)
    mark = shop.wiring.engine.mark()

    # When
    answer = person.post(f"/orders/{order}/refunds", {"amount_fen": 100, "reason": "goodwill"})

    # Then
    assert answer.status == status
    assert (shop.wiring.engine.mark() == mark) is (status == 403)


def test_a_role_that_is_not_in_the_token_is_not_believed(shop: Shop, ann: Customer) -> None:
    # Given a customer who writes a role into everything they send
    bob = log_in(shop)
    answer: Any = shop.call(
        "GET",
        f"/api/v1/orders?userId={ann.user_id}&role=finance",
        token=bob.token,
        headers={"role": "finance", "X-Role": "finance"},
    )
    assert_refused(answer, 403, "FORBIDDEN")
