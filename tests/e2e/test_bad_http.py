"""What only the deployed API can answer: the gateway's own refusals have our shape, and nothing is leaked."""

import pytest

from e2e.client import Client

BAD_BODIES = {
    "not JSON": (b"{", "BODY_INVALID", 400),
    "one megabyte": (b'{"provider":"' + b"x" * 1_000_000 + b'"}', "BODY_TOO_LARGE", 413),
    "NaN": (b'{"provider":NaN}', "BODY_INVALID", 400),
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_bad_body_is_refused_in_our_shape(anybody: Client, name: str) -> None:
    raw, code, status = BAD_BODIES[name]
    reply = anybody.call("POST", "/sessions", raw=raw)
    assert (reply.status, reply.code) == (status, code)


def test_a_multipart_body_without_boundary_is_refused(anybody: Client) -> None:
    reply = anybody.call("POST", "/sessions", raw=b"x", Content_Type="multipart/form-data")
    assert (reply.status, reply.code) == (415, "MEDIA_TYPE_UNSUPPORTED")


@pytest.mark.parametrize("token", ["", "x", "a.b.c"])
def test_no_token_or_a_wrong_one_is_401_in_our_shape(anybody: Client, token: str) -> None:
    reply = Client(anybody.url, token).call("GET", "/me")
    assert (reply.status, reply.code) == (401, "UNAUTHENTICATED")


def test_an_unknown_address_is_refused_in_our_shape(person: Client) -> None:
    reply = person.call("GET", "/nothing-here")
    assert reply.status in {403, 404}
    assert reply.code


def test_somebody_else_does_not_see_an_order(anybody: Client, person: Client) -> None:
    card = person.call("POST", "/cards", {"number": "1000111100001234567", "holder_name": "张三"})
    assert card.status == 201, card
    card_id = card.text.split('"card_id":"')[1][:26]
    placed = person.call("POST", "/orders", {"card_id": card_id, "amount_fen": 10_000})
    assert placed.status == 201, placed
    order_id = placed.text.split('"order_id":"')[1][:26]
    reply = anybody.logged_in("somebody-else").call("GET", f"/orders/{order_id}")
    assert (reply.status, reply.code) == (404, "ORDER_NOT_FOUND")
