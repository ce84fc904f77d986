"""Each function's policy is exactly what it needs (SE4): every test of the flow runs under watch, so nothing
less; here the stories are played once more to see that nothing is granted and never used."""

import inspect
from collections import defaultdict
from collections.abc import Callable, Iterator
from time import monotonic
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from flow import (
    test_cancel_seams,
    test_channel_modes,
    test_idempotency_keys,
    test_identity,
    test_issuer_notices,
    test_payment_seams,
    test_pushes,
    test_recharge_seams,
    test_refund_seams,
    test_stories,
    test_unexpected_payments,
    test_visibility,
)
from flow.conftest import OpenShop
from flow.customers import Customer, new_customer
from flow.moves import finish, sqs
from octane.identity.users import user_key
from octane.notify.push import GoneError
from world.shop import Shop, context
from world.wired import GRANTED

if TYPE_CHECKING:
    from world.permissions import Permission

PLAYED = (
    test_stories,
    test_payment_seams,
    test_cancel_seams,
    test_recharge_seams,
    test_refund_seams,
    test_unexpected_payments,
    test_issuer_notices,
    test_channel_modes,
    test_pushes,
    test_identity,
    test_idempotency_keys,
    test_visibility,
)
PLATFORM_KEYS = ("dynamodb:Query", "ChannelsTable")
"""Read only when WeChat Pay signs with a certificate that the secret does not hold: any function that
verifies."""


def plain_tests(module: ModuleType) -> Iterator[Callable[[Shop, Customer], None]]:
    """The module's tests that need a shop and a customer and nothing else."""
    for name, test in vars(module).items():
        if name.startswith("test_") and list(inspect.signature(test).parameters) == ["shop", "ann"]:
            yield test


def the_rest(shop: Shop, ann: Customer) -> None:
    """What no story needs."""
    assert ann.get("/me").status == 200
    assert ann.get("/cards").status == 200
    assert shop.post("/api/v1/sessions/refresh", {"refresh_token": ann.refresh_token}).status == 200
    assert shop.call("DELETE", f"/api/v1/cards/{ann.card_id}", token=ann.token).status == 204
    assert shop.call("DELETE", "/api/v1/sessions/current", token=ann.token).status == 204
    shop.function("channels/refresh_certificates")({}, context())


def a_refund_whose_notice_is_lost(shop: Shop, ann: Customer) -> None:
    """The worker learns the end by asking."""
    shop.world.issuer.misbehave("submit", "fail", count=1)
    shop.world.wechat.misbehave("refund_notice", "lose")
    order = ann.paid()
    finish(shop)
    ends = monotonic() + 5
    while ann.order(order).body["refunded_fen"] == 0:
        assert monotonic() < ends
        shop.function("orders/refund_payment")(sqs({"order_id": order, "refund_no": 1}), context())


def a_page_that_is_gone(shop: Shop, ann: Customer) -> None:
    def gone(_: str, _message: object) -> None:
        raise GoneError

    test_pushes.connect(shop, ann.token, "page-1")
    shop.wiring.lists.__dict__["post"] = gone
    ann.topped_up()


def test_nothing_is_granted_that_is_never_used(open_shop: OpenShop) -> None:
    used: dict[str, set[Permission]] = defaultdict(set)
    stories = [test for module in PLAYED for test in plain_tests(module)]
    for play in (the_rest, a_refund_whose_notice_is_lost, a_page_that_is_gone, *stories):
        shop = open_shop()
        play(shop, new_customer(shop))
        for function, permissions in shop.wiring.lists.watch.used.items():
            used[function] |= permissions
    idle = {
        function: sorted(permissions - used[function] - {PLATFORM_KEYS})
        for function, permissions in GRANTED.items()
        if permissions - used[function] - {PLATFORM_KEYS}
    }
    assert idle == {}


def test_a_function_that_does_more_than_it_may_is_caught(shop: Shop, ann: Customer) -> None:
    watch = shop.wiring.lists.watch
    watch.grants = {**GRANTED, "orders/place_order": set()}
    watch.function = "orders/place_order"
    with pytest.raises(AssertionError, match="does not let orders/place_order do dynamodb:GetItem"):
        shop.wiring.store.get(user_key(ann.user_id))
