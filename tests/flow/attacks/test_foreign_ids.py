"""Other people's ids, wherever an id is taken: they do not exist for you, and nothing happens (SE4)."""

from collections.abc import Callable

import pytest

from flow.attacks.surface import Operation, ask, example, filled, operations
from flow.bill_plays import bound, planned
from flow.books import nothing_written
from flow.customers import Customer, new_customer
from octane.api.policy import PREFIX, RULES
from octane.kernel.caller import Role
from world.shop import Shop

GONE = "A" * 26
OWNED: dict[str, Callable[[Customer], str]] = {
    "order_id": lambda victim: victim.topped_up(),
    "card_id": lambda victim: victim.card_id,
    "user_id": lambda victim: victim.user_id,
    "bill_account_id": lambda victim: bound(victim.shop, victim),
    "plan_id": lambda victim: planned(victim, bound(victim.shop, victim)),
}
"""What a victim has, by the name of the path's part."""
NOBODYS = {
    "provider": "a word, not an id",
    "purpose": "a word, not an id",
    "list": "a word, not an id",
    "value": "staff's, and no person's",
    "day": "staff's, and no person's",
    "source": "staff's, and no person's",
    "difference_id": "staff's, and no person's",
    "withdrawal_id": "staff's, and no person's",
    "evidence_id": "staff's, and no person's",
    "campaign_id": "staff's; whoever it is for may claim",
    "station_id": "everybody's",
    "province": "a word, not an id",
    "step_up_id": "tests/unit/identity_proofs: somebody else's step-up does not exist",
    "enterprise_id": "tests/flow/test_policy.py: acts for an enterprise drive these",
}
TAKES_AN_ID = [each for each in operations() if set(each.named("path")) & OWNED.keys()]
STAFFS = [each for each in operations() if Role.CUSTOMER not in RULES[each.name].people and not each.is_open]


def named(operation: Operation) -> str:
    return operation.name


def test_every_id_of_the_api_is_somebodys_or_nobodys() -> None:
    parts = {part for operation in operations() for part in operation.named("path")}
    assert parts <= OWNED.keys() | NOBODYS.keys()
    assert not OWNED.keys() & NOBODYS.keys()


@pytest.mark.parametrize("operation", TAKES_AN_ID, ids=named)
def test_a_strangers_id_is_answered_like_one_that_nobody_has(
    shop: Shop, ann: Customer, operation: Operation
) -> None:
    # Given what a victim has, and a thief who knows its id
    victim = new_customer(shop, card="9012345678901234")
    parts = [part for part in operation.named("path") if part in OWNED]
    theirs = {part: OWNED[part](victim) for part in parts}
    body = example(operation.body) if operation.body else None

    # When the thief asks for it, and for what is not there
    with nothing_written(shop):
        taken = ask(shop, operation, ann.token, filled(operation, theirs), body)
        gone = ask(shop, operation, ann.token, filled(operation, dict.fromkeys(parts, GONE)), body)

    # Then neither works, and the answers are the same but for their request
    assert taken.status in {403, 404}, taken
    if "user_id" not in parts:
        assert (taken.status, taken.code, taken.body["error"]["message"]) == (
            gone.status, gone.code, gone.body["error"]["message"],
        )  # fmt: skip


@pytest.mark.parametrize("operation", STAFFS, ids=named)
def test_a_customer_does_nothing_that_is_staffs(shop: Shop, ann: Customer, operation: Operation) -> None:
    ids = {"order_id": ann.place(), "user_id": ann.user_id}
    body = example(operation.body) if operation.body else None
    with nothing_written(shop):
        answer = ask(shop, operation, ann.token, filled(operation, ids), body)
    assert (answer.status, answer.code) == (403, "FORBIDDEN")


@pytest.mark.parametrize("name", ["user_id", "userId", "openid", "role", "enterprise_id"])
def test_nobody_is_somebody_else_by_saying_so(shop: Shop, ann: Customer, name: str) -> None:
    # Given a victim with an order
    victim = new_customer(shop, card="9012345678901234")
    order = victim.place()

    # When ann says in every way that she is the victim
    headers = {name: victim.user_id, f"X-{name}": victim.user_id, "X-User-Id": victim.user_id}
    listed = shop.call("GET", f"{PREFIX}/orders", token=ann.token, headers=headers)
    read = shop.call(
        "GET", f"{PREFIX}/orders/{order}?{name}={victim.user_id}", token=ann.token, headers=headers
    )

    # Then she is ann
    assert listed.body["orders"] == []
    assert (read.status, read.code) == (404, "ORDER_NOT_FOUND")
