"""Nobody makes us call an address of theirs, and what is called cannot send us on (SSRF, SE4)."""

import re

import pytest

from flow.attacks.surface import fields as fields_of
from flow.attacks.surface import operations
from flow.customers import Customer
from world.shop import Shop

URL_LIKE = re.compile(r"ur[il]|link|href|host|domain|callback|webhook|redirect|endpoint|image|avatar", re.I)
LIES = {
    "Host": "evil.example",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "gopher",
    "X-Original-Url": "http://evil.example/",
    "X-Rewrite-Url": "http://evil.example/",
    "Forwarded": "host=evil.example;proto=http",
    "Origin": "http://evil.example",
    "Referer": "http://evil.example/",
}


def test_no_request_takes_an_address() -> None:
    # Given every field of every body, every query and path part
    taken = [
        (operation.name, ".".join(path))
        for operation in operations() if operation.body
        for path, schema in fields_of(operation.body)
        if URL_LIKE.search(path[-1]) or schema.get("format") in {"uri", "url", "hostname"}
    ]  # fmt: skip
    taken += [
        (operation.name, each["name"])
        for operation in operations() for each in operation.parameters if URL_LIKE.search(each["name"])
    ]  # fmt: skip

    # Then none is an address: whoever adds one says here how it is bounded
    assert taken == []


def test_the_detector_finds_a_planted_field() -> None:
    planted = {"properties": {"deep": {"type": "object", "properties": {"callback_url": {"type": "string"}}}}}
    assert [path for path, _ in fields_of(planted) if URL_LIKE.search(path[-1])] == [("deep", "callback_url")]


@pytest.mark.parametrize("header", LIES)
def test_where_channels_send_their_notices_is_not_the_clients_to_say(
    shop: Shop, ann: Customer, header: str
) -> None:
    # Given an order
    order = ann.place()

    # When its payment is started by somebody who lies about the host
    answer = shop.call(
        "POST",
        f"/api/v1/orders/{order}/pay",
        {"method": "WECHAT_JSAPI"},
        token=ann.token,
        headers={"Idempotency-Key": "attack-key-1", header: LIES[header]},
    )

    # Then the channel was given our own address
    assert answer.status == 200, answer
    assert "evil.example" not in str(shop.world.wechat.get("/books"))
    ann.pay_for(str(answer.body["payment"]["out_trade_no"]))
    assert shop.deliver().status == 200
