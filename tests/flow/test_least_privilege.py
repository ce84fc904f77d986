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
    bill_end_plays,
    bill_plays,
    finance_plays,
    market_plays,
    people_plays,
    test_cancel_seams,
    test_channel_health,
    test_channel_modes,
    test_channel_refunds,
    test_channel_stories,
    test_closing_a_day,
    test_combined_payments,
    test_coupons,
    test_enterprises,
    test_failover,
    test_funds,
    test_idempotency_keys,
    test_identity,
    test_issuer_notices,
    test_logins,
    test_out_of_reach,
    test_payment_seams,
    test_privacy,
    test_pushes,
    test_quota,
    test_recharge_seams,
    test_refund_seams,
    test_review_findings,
    test_reviewed_payments,
    test_reviews,
    test_risk,
    test_routed_payments,
    test_routing_rules,
    test_step_ups,
    test_stories,
    test_switches,
    test_unexpected_payments,
    test_visibility,
    test_wallet,
)
from flow.conftest import OpenShop, kept_log
from flow.customers import Customer, new_customer, new_staff
from flow.moves import finish, sqs
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
    test_logins,
    test_step_ups,
    test_enterprises,
    test_risk,
    test_reviews,
    test_reviewed_payments,
    test_review_findings,
    test_privacy,
    test_coupons,
)
RARE = frozenset({("dynamodb:Query", "ChannelsTable"), ("kms:GenerateDataKey", "VaultKey")})
"""What a function needs once in its life, or never: WeChat Pay's certificate, read only when it signs with
one that the secret does not hold (any function that verifies); the first data key of all, made by whoever
first seals something or looks it up."""
APART = frozenset({"identity/rotate_tokens"})
"""It speaks with Secrets Manager alone; tests/unit/rotation has it."""


Play = Callable[[Shop, Customer], None]
GIVEN = frozenset({"shop", "ann", "operator", "log"})
"""What every test may ask for; more are its module's own fixtures."""


def plays_of(module: ModuleType) -> Iterator[Play]:
    """The module's tests that need a shop, people and what its fixtures make of them, and perhaps a channel:
    then one play for each."""
    for name, test in vars(module).items():
        if name.startswith("test_") and inspect.isfunction(test):
            wanted = set(inspect.signature(test).parameters)
            if wanted and all(each == "till" or is_made(module, each) for each in wanted):
                tills: Iterable[Till | None] = tills_of(test) if "till" in wanted else [None]
                yield from (play_of(module, test, wanted, till) for till in tills)


def tills_of(test: Callable[..., None]) -> Iterable[Till]:
    """The channels that the test names in its own parameters, or all."""
    marks = getattr(test, "pytestmark", [])
    return next((mark.args[1] for mark in marks if mark.args and mark.args[0] == "till"), TILLS)


def fixture_of(module: ModuleType, name: str) -> Callable[..., Any] | None:
    return getattr(getattr(module, name, None), "__wrapped__", None)


def is_made(module: ModuleType, name: str) -> bool:
    made = fixture_of(module, name)
    if made is None or inspect.isgeneratorfunction(made):
        return name in GIVEN
    return all(part in GIVEN or is_made(module, part) for part in inspect.signature(made).parameters)


def play_of(module: ModuleType, test: Callable[..., None], wanted: set[str], till: Till | None) -> Play:
    always = [name for name, fixture in vars(module).items() if is_always(fixture)]

    def play(shop: Shop, ann: Customer) -> None:
        with kept_log() as log:
            outer = {"shop": shop, "ann": ann, "operator": new_staff(shop, Role.OPERATOR), "log": log}
            act(outer)

    def act(outer: Mapping[str, object]) -> None:
        made: dict[str, object] = {"till": till}

        def need(name: str) -> object:
            fixture = fixture_of(module, name)
            if name not in made:
                parts = inspect.signature(fixture).parameters if fixture else ()
                given = {part: outer[part] if part == name else need(part) for part in parts}
                made[name] = fixture(**given) if fixture else outer[name]
            return made[name]

        for name in always:
            need(name)
        test(**{name: need(name) for name in wanted})

    return play


def is_always(fixture: object) -> bool:
    """Whether pytest makes it for every test of its module."""
    return bool(getattr(getattr(fixture, "_fixture_function_marker", None), "autouse", False))


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
    others = (
        the_rest,
        a_refund_whose_notice_is_lost,
        a_page_that_is_gone,
        *finance_plays.PLAYS,
        *people_plays.PLAYS,
        *bill_plays.PLAYS,
        *bill_end_plays.PLAYS,
        *market_plays.PLAYS,
    )
    for play in (*others, *stories):
        shop = open_shop()
        shop.forgetful = True
        play(shop, new_customer(shop))
        for function, permissions in shop.wiring.lists.watch.used.items():
            used[function] |= permissions
        for function, variables in shop.wiring.lists.watch.read.items():
            read[function] |= variables
    idle = {
        function: sorted(permissions - used[function] - RARE)
        for function, permissions in GRANTED.items()
        if function not in APART and permissions - used[function] - RARE
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
