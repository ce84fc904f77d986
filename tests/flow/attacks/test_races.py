"""Many at once for what may happen once: the use cases, on tables that serialise as DynamoDB does (LG5)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from flow.books import kinds
from flow.customers import Customer, new_customer, new_staff
from flow.test_funds import fund, made, request
from octane.funds.withdrawals import approve_withdrawal, refuse_withdrawal
from octane.kernel.caller import Caller, Role
from octane.kernel.errors import OctaneError
from octane.limits.buckets import Spend
from octane.orders.place import place_order
from octane.orders.wanted import PlaceOrder
from octane.store.items import Table
from world.shop import Shop

AT_ONCE = 16


def at_once(acts: list[Callable[[], Any]]) -> list[str]:
    """What each of them got: `ok`, or the code of its refusal."""
    start = Barrier(len(acts))

    def act(one: Callable[[], Any]) -> str:
        start.wait()
        try:
            one()
        except OctaneError as error:
            return error.code
        return "ok"

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(act, acts))


def caller_of(person: Customer) -> Caller:
    return Caller(person.user_id, person.role, person.session_id, person.openid)


@pytest.fixture
def bea(shop: Shop) -> Customer:
    fund(shop, 20_000_000)
    return new_staff(shop, Role.FINANCE)


def instructions(shop: Shop) -> int:
    return kinds(shop).count("withdrawal_instructed")


def test_sixteen_approvals_of_one_person_are_one(shop: Shop, bea: Customer) -> None:
    # Given a large withdrawal, which needs two people
    carl = caller_of(new_staff(shop, Role.FINANCE))
    withdrawal = made(request(bea, 6_000_000))

    # When one of them approves sixteen times at once
    found = at_once([lambda: approve_withdrawal(shop.wiring, carl, withdrawal)] * AT_ONCE)

    # Then it counts once and pays nothing
    assert found.count("ok") == 1
    assert instructions(shop) == 0


def test_the_payer_does_not_slip_in_among_approvers(shop: Shop, bea: Customer) -> None:
    # Given
    people = [caller_of(new_staff(shop, Role.FINANCE_DIRECTOR)) for _ in range(4)]
    withdrawal = made(request(bea, 6_000_000))
    herself = caller_of(bea)

    # When everybody approves at once, she who asked too
    callers = [*people, *([herself] * 4)]
    acts = [lambda who=who: approve_withdrawal(shop.wiring, who, withdrawal) for who in callers]
    found = at_once(acts)  # type: ignore[arg-type]  # a default argument is no argument

    # Then two others did it, and the bank is told once
    assert found[:4].count("ok") == 2
    assert "ok" not in found[4:]
    assert instructions(shop) == 1


def test_an_approval_and_a_refusal_at_once_end_in_one_of_them(shop: Shop, bea: Customer) -> None:
    carl, dora = (caller_of(new_staff(shop, Role.FINANCE)) for _ in range(2))
    withdrawal = made(request(bea, 1_000))
    found = at_once(
        [
            *[lambda: approve_withdrawal(shop.wiring, carl, withdrawal)] * 4,
            *[lambda: refuse_withdrawal(shop.wiring, dora, withdrawal, "no")] * 4,
        ]
    )
    assert found.count("ok") == 1
    assert instructions(shop) == found[:4].count("ok")


def test_one_key_at_once_is_one_order(shop: Shop) -> None:
    ann = new_customer(shop)
    who, asked = caller_of(ann), PlaceOrder(ann.card_id, 10_000)
    found = at_once([lambda: place_order(shop.wiring, who, asked, "one-key-1")] * AT_ONCE)
    assert found.count("ok") == AT_ONCE
    orders = [item for item in shop.wiring.engine.items(Table.ORDERS) if item["sk"] == "#ORDER"]
    assert len(orders) == 1


def test_a_limit_is_not_outrun(shop: Shop) -> None:
    # Given somebody who may ask for two exports
    spend = Spend("export_user", "U1")

    # When they ask sixteen times at once
    found = at_once([lambda: shop.wiring.buckets.take(spend)] * AT_ONCE)

    # Then
    assert found.count("ok") == 2
    assert set(found) == {"ok", "TOO_MANY_REQUESTS"}
