"""Enterprises over the API: members do what their role lets them, on the enterprise's things only (ID3)."""

from dataclasses import dataclass
from typing import Any

import pytest

from flow.books import assert_refused, nothing_written
from flow.customers import Customer, new_customer
from world.shop import Answer, Shop


@dataclass
class Acting:
    """Somebody who acts for an enterprise, with the token that they were given."""

    shop: Shop
    person: Customer
    token: str
    refresh_token: str

    def call(self, method: str, path: str, body: Any = None, key: str = "") -> Answer:
        headers = {"Idempotency-Key": key or f"acting-{self.shop.wiring.nonces.token()}"}
        return self.shop.call(method, f"/api/v1{path}", body, token=self.token, headers=headers)


def act(shop: Shop, person: Customer, firm: str) -> Acting:
    answer = person.post("/me/account", {"enterprise_id": firm})
    assert answer.status == 200, answer
    return Acting(shop, person, answer.body["access_token"], answer.body["refresh_token"])


@pytest.fixture
def firm(ann: Customer) -> str:
    answer = ann.post("/enterprises", {"name": "Fleet Ltd"})
    assert answer.status == 201, answer
    return str(answer.body["enterprise_id"])


@pytest.fixture
def owner(shop: Shop, ann: Customer, firm: str) -> Acting:
    return act(shop, ann, firm)


def joined(shop: Shop, owner: Acting, firm: str, role: str) -> Acting:
    person = new_customer(shop, f"1000111100001234{shop.clock.now() % 1000:03d}")
    path = f"/enterprises/{firm}/members/{person.user_id}"
    assert owner.call("PUT", path, {"role": role}).body["state"] == "INVITED"
    return act(shop, person, firm)


@pytest.fixture
def order(owner: Acting) -> str:
    card = owner.call("POST", "/cards", {"number": "1000111100007654321", "holder_name": "车队"}).body
    placed = owner.call("POST", "/orders", {"card_id": card["card_id"], "amount_fen": 10_000})
    assert placed.status == 201, placed
    return str(placed.body["order_id"])


def test_the_same_key_opens_one(ann: Customer) -> None:
    first = ann.post("/enterprises", {"name": "Fleet Ltd"}, "firm-key-1")
    assert ann.post("/enterprises", {"name": "Fleet Ltd"}, "firm-key-1").body == first.body
    other = ann.post("/enterprises", {"name": "Other Ltd"}, "firm-key-1")
    assert_refused(other, 409, "IDEMPOTENCY_KEY_REUSED")


def test_the_things_of_an_enterprise_are_its_own(owner: Acting, order: str) -> None:
    assert owner.person.order(order).status == 404
    assert owner.call("GET", f"/orders/{order}").status == 200
    assert owner.call("GET", "/cards").body["cards"] != owner.person.get("/cards").body["cards"]


def test_each_does_their_part(shop: Shop, owner: Acting, firm: str, order: str) -> None:
    # Given
    operator, finance = joined(shop, owner, firm, "operator"), joined(shop, owner, firm, "finance")

    # When / Then the operator places and the finance person pays
    card = operator.call("GET", "/cards").body["cards"][0]["card_id"]
    assert operator.call("POST", "/orders", {"card_id": card, "amount_fen": 100}).status == 201
    pay = (f"/orders/{order}/pay", {"method": "WECHAT_NATIVE"})
    with nothing_written(shop):
        assert_refused(operator.call("POST", *pay), 403, "FORBIDDEN")
        refused = finance.call("POST", "/orders", {"card_id": card, "amount_fen": 100})
        assert_refused(refused, 403, "FORBIDDEN")
    assert finance.call("POST", *pay).status == 200


def test_a_viewer_only_looks(shop: Shop, owner: Acting, firm: str, order: str) -> None:
    viewer = joined(shop, owner, firm, "viewer")
    assert viewer.call("GET", f"/orders/{order}").status == 200
    calls: list[tuple[str, str, Any]] = [
        ("POST", f"/orders/{order}/pay", {"method": "WECHAT_NATIVE"}),
        ("POST", f"/orders/{order}/cancel", None),
        ("POST", "/wallet/top-ups", {"amount_fen": 100}),
        ("POST", "/cards", {"number": "1000111100001111111", "holder_name": "x"}),
        ("PUT", f"/enterprises/{firm}/members/{viewer.person.user_id}", {"role": "owner"}),
        ("DELETE", f"/enterprises/{firm}/members/{owner.person.user_id}", None),
    ]
    with nothing_written(shop):
        for call in calls:
            assert_refused(viewer.call(*call), 403, "FORBIDDEN")


def test_the_last_owner_stays(shop: Shop, owner: Acting, firm: str) -> None:
    path = f"/enterprises/{firm}/members/{owner.person.user_id}"
    with nothing_written(shop):
        assert_refused(owner.call("DELETE", path), 409, "LAST_OWNER")
        assert_refused(owner.call("PUT", path, {"role": "viewer"}), 409, "LAST_OWNER")


def test_who_was_removed_is_out_within_a_minute(shop: Shop, owner: Acting, firm: str, order: str) -> None:
    # Given
    finance = joined(shop, owner, firm, "finance")
    assert finance.call("GET", f"/orders/{order}").status == 200

    # When
    path = f"/enterprises/{firm}/members/{finance.person.user_id}"
    assert owner.call("DELETE", path).status == 204
    shop.clock.move(seconds=60)

    # Then neither the old token, nor a refresh, nor another try
    assert finance.call("GET", f"/orders/{order}").status == 401
    refreshed = shop.post("/api/v1/sessions/refresh", {"refresh_token": finance.refresh_token})
    assert refreshed.status in {401, 403}, refreshed
    assert_refused(finance.person.post("/me/account", {"enterprise_id": firm}), 404, "ENTERPRISE_NOT_FOUND")


def test_strangers_learn_nothing(shop: Shop, owner: Acting, firm: str, order: str) -> None:
    eve = new_customer(shop, "1000111100002222222")
    for answer in (
        eve.get(f"/enterprises/{firm}"),
        eve.post("/me/account", {"enterprise_id": firm}),
        eve.order(order),
    ):
        assert answer.status == 404
    other = eve.post("/enterprises", {"name": "Other Ltd"}).body["enterprise_id"]
    acting = act(shop, eve, other)
    assert acting.call("GET", f"/orders/{order}").status == 404
    assert acting.call("GET", f"/enterprises/{firm}").status == 404


@pytest.mark.parametrize("role", ["OWNER", "admin", "", None, 1])
def test_a_role_is_one_that_there_is(shop: Shop, owner: Acting, firm: str, role: object) -> None:
    with nothing_written(shop):
        answer = owner.call("PUT", f"/enterprises/{firm}/members/{'U' * 26}", {"role": role})
    assert_refused(answer, 400, "INVALID_REQUEST")
