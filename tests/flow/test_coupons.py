"""Campaigns through the gateway, by staff and customers, under watch of each function's policy (MK1, MK6)."""

from typing import Any

import pytest

from flow.customers import Customer, log_in, new_customer, new_staff
from octane.identity.users import user_key
from octane.kernel.caller import Role
from octane.kernel.clock import MINUTE, rfc3339
from octane.kernel.ids import derive_id
from octane.limits.buckets import bucket_key
from octane.store.items import Table
from octane.store.writes import Absent, Exists, Put, Update
from world.shop import Answer, Shop, context

TERMS = {"discount": "FIXED", "value": 500, "valid_days": 30}
AGES = 10**18


@pytest.fixture
def staff(shop: Shop) -> Customer:
    return new_staff(shop, Role.OPERATOR)


def forgets(shop: Shop) -> None:
    """The next claim is another process's."""
    shop.wiring.__dict__.pop("claims", None)


def body_of(shop: Shop, **more: Any) -> dict[str, Any]:
    now = shop.clock.now()
    return {
        "name": "国庆加油券",
        "stock": 2,
        "opens_at": rfc3339(now - MINUTE),
        "closes_at": rfc3339(now + 600 * MINUTE),
        "per_user_limit": 1,
        "expected_rate": 100,
        "terms": TERMS,
        **more,
    }


def opened(shop: Shop, staff: Customer, **more: Any) -> str:
    """Make and open a campaign; return its id."""
    body = body_of(shop, **more)
    made = staff.post("/campaigns", body, "make-campaign")
    assert made.status == 201, made
    assert staff.post("/campaigns", body, "make-campaign").body == made.body
    campaign_id = str(made.body["campaign_id"])
    assert changed(shop, staff, campaign_id, body, state="OPEN").status == 200
    return campaign_id


def changed(shop: Shop, staff: Customer, campaign_id: str, body: dict[str, Any], **more: Any) -> Answer:
    campaign = staff.get(f"/campaigns/{campaign_id}").body["campaign"]
    kept = {name: value for name, value in body.items() if name in OFFER}
    own = {"version": campaign["version"], "state": campaign["state"]}
    return staff.put(f"/campaigns/{campaign_id}", {**kept, **own, **more})


OFFER = ("name", "stock", "opens_at", "closes_at", "per_user_limit", "expected_rate", "terms")


def claim(who: Customer, campaign_id: str, key: str = "the-only-key") -> Answer:
    return who.post(f"/campaigns/{campaign_id}/claims", key=key)


def told(answer: Answer) -> tuple[int, str]:
    return answer.status, str(answer.code)


def test_a_sale_is_opened_sold_audited_and_ended(shop: Shop, ann: Customer, staff: Customer) -> None:
    campaign_id = opened(shop, staff, supply_grade="95")
    others = [log_in(shop) for _ in range(2)]
    first = claim(ann, campaign_id)
    assert first.status == 201
    assert claim(ann, campaign_id).body == first.body
    forgets(shop)
    assert claim(others[0], campaign_id).status == 201
    forgets(shop)
    assert told(claim(others[1], campaign_id)) == (409, "SOLD_OUT")
    audit = staff.get(f"/campaigns/{campaign_id}/claims").body
    assert (audit["verdict"], audit["left"], audit["claimed"]) == ("MATCH", 0, 2)
    assert [each["campaign_id"] for each in staff.get("/campaigns").body["campaigns"]] == [campaign_id]
    assert ann.get("/me/coupons").body["coupons"] == [first.body]
    body = body_of(shop, opens_at=staff.get(f"/campaigns/{campaign_id}").body["campaign"]["opens_at"])
    assert changed(shop, staff, campaign_id, body, state="ENDED").status == 200
    forgets(shop)
    assert told(claim(others[1], campaign_id)) == (409, "CAMPAIGN_ENDED")


def test_named_and_new_customers(shop: Shop, ann: Customer, staff: Customer) -> None:
    named = opened(shop, staff, audience="LIST", accounts=[ann.user_id], stock=1)
    stranger = log_in(shop)
    assert told(claim(stranger, named)) == (403, "CAMPAIGN_AUDIENCE")
    assert claim(ann, named).status == 201
    forgets(shop)
    assert told(claim(stranger, named)) == (403, "CAMPAIGN_AUDIENCE")


def test_new_customers(shop: Shop, ann: Customer, staff: Customer) -> None:
    campaign_id = opened(shop, staff, audience="NEW", stock=1)
    shop.wiring.store.commit(Update(user_key(ann.user_id), when=Exists(), assign={"created_at": 1}))
    assert told(claim(ann, campaign_id)) == (403, "CAMPAIGN_AUDIENCE")
    assert claim(log_in(shop), campaign_id).status == 201
    forgets(shop)
    assert told(claim(log_in(shop), campaign_id)) == (409, "SOLD_OUT")


def test_codes_are_claimed_and_guesses_run_out(shop: Shop, ann: Customer, staff: Customer) -> None:
    campaign_id = opened(shop, staff, audience="CODE", stock=1)
    made = staff.post(f"/campaigns/{campaign_id}/codes", {"count": 1, "uses": 9})
    [code] = made.body["codes"]
    assert ann.post("/coupon-codes", {"code": code}).status == 201
    forgets(shop)
    assert told(log_in(shop).post("/coupon-codes", {"code": code})) == (409, "SOLD_OUT")
    spent = {"full_at": AGES, "ttl": AGES // 10**6}
    bob = new_customer(shop)
    shop.wiring.store.commit(Put(bucket_key("coupon_code_user", bob.user_id), spent, when=Absent()))
    shop.wiring.__dict__.pop("buckets", None)
    assert told(bob.post("/coupon-codes", {"code": code})) == (429, "TOO_MANY_REQUESTS")


def test_supply_throttles_and_lets_go(shop: Shop, ann: Customer, staff: Customer) -> None:
    closes = rfc3339(shop.clock.now() + 30 * MINUTE)
    campaign_id = opened(shop, staff, supply_grade="92", closes_at=closes)
    shop.world.erp.post("/tanks", grade="92", litres=0)
    shop.function("coupons/sync_supply")({}, context())
    forgets(shop)
    assert told(claim(ann, campaign_id)) == (429, "SUPPLY_LOW")
    levels = staff.get("/supply").body["levels"]
    assert [level["grade"] for level in levels if level["is_low"]] == ["92"]
    shop.world.erp.post("/reset")
    shop.function("coupons/sync_supply")({}, context())
    forgets(shop)
    assert claim(ann, campaign_id).status == 201
    shop.clock.move(seconds=31 * 60)
    shop.function("coupons/sync_supply")({}, context())


@pytest.mark.parametrize("moment", ["change", "supply"])
def test_a_change_in_a_rush_closes_the_gate(shop: Shop, ann: Customer, staff: Customer, moment: str) -> None:
    """The first try of the change meets a claim that has just taken what it wanted to move."""
    rush(shop, staff, moment)


def test_both_functions_close_the_gate(shop: Shop, ann: Customer, staff: Customer) -> None:
    for moment in ("change", "supply"):
        rush(shop, staff, moment)


def rush(shop: Shop, staff: Customer, moment: str) -> None:
    grade = {"supply_grade": "92"} if moment == "supply" else {}
    key = derive_id("K", moment)
    made = staff.post("/campaigns", body_of(shop, **grade), key).body
    campaign_id, transact, raced = made["campaign_id"], shop.wiring.engine.transact, []

    def once(writes: Any, token: str) -> None:
        shards = [each.key for each in writes if each.key.sk == "#STOCK"]
        if shards and not raced:
            raced.append(True)
            transact((Update(shards[0], when=Exists(), assign={"version": 99}),), "")
            try:
                transact(writes, token)
            finally:
                transact((Update(shards[0], when=Exists(), assign={"version": made["version"]}),), "")
        else:
            transact(writes, token)

    shop.wiring.engine.__dict__["transact"] = once
    if moment == "change":
        assert changed(shop, staff, campaign_id, body_of(shop), stock=20).status == 200
    else:
        shop.world.erp.post("/tanks", grade="92", litres=0)
        shop.function("coupons/sync_supply")({}, context())
    del shop.wiring.engine.__dict__["transact"]
    assert raced
    campaign = staff.get(f"/campaigns/{campaign_id}").body["campaign"]
    assert campaign["version"] == made["version"] + 1


def test_coupons_of_an_erased_account_are_gone_and_still_counted(shop: Shop, staff: Customer) -> None:
    person = log_in(shop)
    campaign_id = opened(shop, staff)
    claim(person, campaign_id)
    asked = person.post("/me/erasure")
    assert asked.status in {200, 202}, asked
    shop.clock.move(seconds=2 * 3_600)
    shop.function("privacy/erase_people")({}, context())
    left = [item for item in shop.wiring.engine.items(Table.COUPONS) if person.user_id in str(item["pk"])]
    assert left == []
    audit = staff.get(f"/campaigns/{campaign_id}/claims").body
    assert (audit["verdict"], sum(shard["erased"] for shard in audit["shards"])) == ("MATCH", 1)
