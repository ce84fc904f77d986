"""Each function's policy is exactly what it needs (SE4), and each stack's settings too.

Every test of the flow runs under watch, so nothing less; here the stories are played once more to see that
nothing is granted, or set, and never used.
"""

import inspect
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from time import monotonic
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from flow import (
    finance_plays,
    test_cancel_seams,
    test_channel_health,
    test_channel_modes,
    test_channel_refunds,
    test_channel_stories,
    test_closing_a_day,
    test_combined_payments,
    test_failover,
    test_funds,
    test_idempotency_keys,
    test_identity,
    test_issuer_notices,
    test_out_of_reach,
    test_payment_seams,
    test_pushes,
    test_quota,
    test_recharge_seams,
    test_refund_seams,
    test_routed_payments,
    test_routing_rules,
    test_stories,
    test_switches,
    test_unexpected_payments,
    test_visibility,
    test_wallet,
)
from flow.closing import open_early
from flow.conftest import OpenShop
from flow.customers import Customer, new_customer, new_staff
from flow.moves import finish, sqs
from flow.routes import publish
from flow.tills import TILLS, Till
from octane.identity.users import user_key
from octane.kernel.caller import Role
from octane.notify.push import GoneError
from world.settings import variable_of
from world.shop import Shop, context
from world.wired import GRANTED, VARIABLES

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
    test_channel_stories,
    test_channel_refunds,
    test_pushes,
    test_identity,
    test_idempotency_keys,
    test_visibility,
    test_switches,
    test_wallet,
    test_combined_payments,
    test_routed_payments,
    test_failover,
    test_out_of_reach,
    test_channel_health,
    test_quota,
    test_routing_rules,
    test_closing_a_day,
    test_funds,
)
ROUTED = (test_routed_payments, test_failover, test_out_of_reach, test_channel_health)
"""Their fixture publishes rules first."""
PLATFORM_KEYS = ("dynamodb:Query", "ChannelsTable")
"""Read only when WeChat Pay signs with a certificate that the secret does not hold: any function that
verifies."""


PEOPLE = frozenset({"shop", "ann", "rich", "operator"})
STAFF = {
    test_closing_a_day: {"finance": Role.FINANCE},
    test_funds: {"bea": Role.FINANCE, "carl": Role.FINANCE, "diana": Role.FINANCE_DIRECTOR},
}
"""Whom else the tests of a module need."""

Play = Callable[[Shop, Customer], None]


def plays_of(module: ModuleType) -> Iterator[Play]:
    """The module's tests that need a shop and people, and perhaps a channel: then one play for each."""
    known = {*PEOPLE, *STAFF.get(module, ())}
    for name, test in vars(module).items():
        if name.startswith("test_") and callable(test):
            wanted = set(inspect.signature(test).parameters)
            if wanted <= known | {"till"} and "shop" in wanted:
                each = [{"till": till} for till in tills_of(test)] if "till" in wanted else [{}]
                yield from (play_of(module, test, wanted, more) for more in each)


def tills_of(test: Callable[..., None]) -> Iterable[Till]:
    """The channels that the test names in its own parameters, or all."""
    marks = getattr(test, "pytestmark", [])
    return next((mark.args[1] for mark in marks if mark.args and mark.args[0] == "till"), TILLS)


def play_of(module: ModuleType, test: Callable[..., None], wanted: set[str], more: dict[str, Any]) -> Play:
    def play(shop: Shop, ann: Customer) -> None:
        operator = new_staff(shop, Role.OPERATOR)
        if module in ROUTED:
            publish(shop, operator)
        if module is test_quota:
            test_quota.publish_limit(shop, operator)
        if module is test_combined_payments or "rich" in wanted:
            ann.top_up_wallet(8_000)
        people = {"shop": shop, "ann": ann, "rich": ann, "operator": operator, **staff_of(module, shop)}
        test(**{name: person for name, person in people.items() if name in wanted}, **more)

    return play


def staff_of(module: ModuleType, shop: Shop) -> dict[str, Customer]:
    """Who they are, and what their tests find: bills that come early, a hot account with money."""
    if module is test_closing_a_day:
        open_early(shop)
    if module is test_funds:
        test_funds.fund(shop, 20_000_000)
    return {name: new_staff(shop, role) for name, role in STAFF.get(module, {}).items()}


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
    read: dict[str, set[str]] = defaultdict(set)
    stories = [play for module in PLAYED for play in plays_of(module)]
    others = (the_rest, a_refund_whose_notice_is_lost, a_page_that_is_gone, *finance_plays.PLAYS)
    for play in (*others, *stories):
        shop = open_shop()
        play(shop, new_customer(shop))
        for function, permissions in shop.wiring.lists.watch.used.items():
            used[function] |= permissions
        for function, variables in shop.wiring.lists.watch.read.items():
            read[function] |= variables
    idle = {
        function: sorted(permissions - used[function] - {PLATFORM_KEYS})
        for function, permissions in GRANTED.items()
        if permissions - used[function] - {PLATFORM_KEYS}
    }
    assert idle == {}
    assert sorted(unread(read)) == []


def unread(read: Mapping[str, set[str]]) -> Iterator[str]:
    """Settings that none of a stack's functions reads. The public URL is for the clients of the
    outside, which are not under watch."""
    settings = set(variable_of().values()) - {"OCTANE_PUBLIC_URL"}
    for variables in {frozenset(given) for given in VARIABLES.values()}:
        stack = [function for function, given in VARIABLES.items() if given == variables]
        needed = {name for function in stack for name in read[function]}
        yield from (f"{name}: {stack[0]} and its like" for name in variables & settings - needed)


def test_a_setting_that_the_stack_does_not_set_is_caught(shop: Shop) -> None:
    watch = shop.wiring.lists.watch
    watch.variables = {**VARIABLES, "orders/place_order": set()}
    watch.function = "orders/place_order"
    with pytest.raises(AssertionError, match="does not set OCTANE_ORDER_SECONDS for orders/place_order"):
        _ = shop.wiring.settings.order_ms


def test_a_function_that_does_more_than_it_may_is_caught(shop: Shop, ann: Customer) -> None:
    watch = shop.wiring.lists.watch
    watch.grants = {**GRANTED, "orders/place_order": set()}
    watch.function = "orders/place_order"
    with pytest.raises(AssertionError, match="does not let orders/place_order do dynamodb:GetItem"):
        shop.wiring.store.get(user_key(ann.user_id))
