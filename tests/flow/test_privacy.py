"""Privacy from the outside (ID6, SE1): what is stored, shown and logged of a person, and how they end it."""

import json
from typing import Any

from flow.conftest import Log
from flow.customers import Customer, new_customer
from octane.identity.logins import Login, Provider
from octane.identity.step_ups import Operation, binding, step_up_key
from octane.identity.users import user_key
from octane.ledger.entries import payer_mark
from octane.privacy.rotation import SETTLE_MS, find_rotation
from octane.rights.erasing import WAIT_MS
from octane.store.items import Table
from octane.store.writes import Absent, Put
from world.shop import SINOPEC_CARD, Shop, context

PHONE = "13800138000"
PLANTED = (SINOPEC_CARD, PHONE, "张三")


def stored(shop: Shop) -> str:
    """All tables and the bucket for work, as text."""
    items = [item for table in Table for item in shop.wiring.engine.items(table)]
    return str(items) + str(shop.wiring.__dict__["work"].kept.content)


def run(shop: Shop, job: str, event: dict[str, Any] | None = None) -> None:
    shop.function(f"privacy/{job}")(event or {}, context())


def passed(shop: Shop, person: Customer, operation: Operation) -> dict[str, str]:
    """The header of a step-up that the person has passed for this."""
    step_up_id = f"P{operation.value.replace('_', '')}".ljust(26, "A")
    item = {
        "state": "PASSED",
        "binding": binding(operation, "", 0),
        "expires_at": shop.clock.now() + 300_000,
    }
    with shop.wiring.lists.watch.resting():
        shop.wiring.store.commit(Put(step_up_key(person.user_id, step_up_id), item, when=Absent()))
    return {"X-Step-Up": step_up_id}


def test_nothing_personal_is_stored_in_the_clear(shop: Shop, ann: Customer) -> None:
    ann.topped_up()
    text = stored(shop)
    assert not [word for word in PLANTED if word in text]
    assert ann.get("/cards").body["cards"][0]["number_masked"] == "100011*********4567"


def test_the_books_know_the_payer_by_a_mark(shop: Shop, ann: Customer) -> None:
    ann.topped_up()
    parties = {item.get("party") for item in shop.wiring.engine.items(Table.LEDGER)} - {None}
    assert parties == {payer_mark(ann.openid), "*4567"}


def test_the_issuer_still_gets_the_card_in_the_clear(shop: Shop, ann: Customer) -> None:
    """It is paid for this very number: its books have it, ours do not."""
    ann.topped_up()
    assert SINOPEC_CARD in json.dumps(shop.world.issuer.get("/books"))


def test_consent_is_given_and_withdrawn(shop: Shop, ann: Customer) -> None:
    before = ann.get("/me/consents").body["consents"]
    assert not any(each["holds"] for each in before)
    body = {"given": True, "text_version": 1}
    given = shop.call("PUT", "/api/v1/me/consents/FACE", body, token=ann.token)
    assert (given.status, given.body["holds"]) == (200, True)
    withdrawn = shop.call("PUT", "/api/v1/me/consents/FACE", {"given": False}, token=ann.token)
    assert (withdrawn.status, withdrawn.body["holds"], len(withdrawn.body["history"])) == (200, False, 2)
    unknown = shop.call("PUT", "/api/v1/me/consents/SELLING", body, token=ann.token)
    assert (unknown.status, unknown.code) == (400, "INVALID_REQUEST")


def test_a_copy_is_asked_for_made_and_fetched(shop: Shop, ann: Customer) -> None:
    ann.topped_up()
    headers = {"Idempotency-Key": "export-0001", **passed(shop, ann, Operation.EXPORT_DATA)}
    asked = shop.call("POST", "/api/v1/me/exports", token=ann.token, headers=headers)
    assert (asked.status, asked.body["files"]) == (202, [])
    run(shop, "make_exports")
    fetched = shop.call(
        "POST", "/api/v1/me/exports", token=ann.token, headers={"Idempotency-Key": "export-0001"}
    )
    assert [file["name"] for file in fetched.body["files"]] == ["data.json", "data.pdf"]
    content = shop.wiring.__dict__["work"].kept.content
    copy = next(data for key, data in content.items() if key.endswith("data.json")).decode()
    assert [word for word in PLANTED if word not in copy] == []


def test_an_account_ends_and_its_person_begins_anew(shop: Shop, ann: Customer, log: Log) -> None:
    # Given
    log.must_never_hold({"张三", ann.openid})
    order = ann.topped_up()
    refused = shop.call("POST", "/api/v1/me/erasure", token=ann.token)
    assert (refused.status, refused.code) == (403, "STEP_UP_REQUIRED")
    # When
    headers = passed(shop, ann, Operation.ERASE_ACCOUNT)
    asked = shop.call("POST", "/api/v1/me/erasure", token=ann.token, headers=headers)
    assert asked.status == 202, asked
    run(shop, "erase_people")
    assert ann.openid in stored(shop)
    shop.clock.move(seconds=WAIT_MS // 1_000)
    run(shop, "erase_people")
    # Then
    assert ann.openid not in stored(shop)
    with shop.wiring.lists.watch.resting():
        assert shop.wiring.store.get(user_key(ann.user_id)) is None
        freed = shop.wiring.store.get(Login(Provider.WECHAT, ann.openid).key)
    assert freed is not None
    assert freed["user_id"] == ""
    again = shop.post("/api/v1/sessions", {"provider": "WECHAT", "code": f"code-{ann.openid}"})
    assert again.status == 201, again
    listed = shop.get("/api/v1/orders", token=again.body["access_token"])
    assert listed.body["orders"] == []
    assert order in stored(shop)  # the books have it still


def test_a_rotation_goes_by_under_running_orders(shop: Shop, ann: Customer) -> None:
    order = ann.paid()
    run(shop, "rotate_keys", {"begin": True})
    shop.drain()
    shop.clock.move(seconds=SETTLE_MS // 1_000)
    run(shop, "rotate_keys")
    with shop.wiring.lists.watch.resting():
        rotation = find_rotation(shop.wiring.store)
    assert rotation is not None
    assert (rotation.state, rotation.left) == ("DONE", 0)
    assert shop.deliver().body == "success"
    shop.drain()
    assert ann.state(order) == "SUCCEEDED"
    assert new_customer(shop).topped_up()


def test_nothing_planted_reaches_the_log(shop: Shop, log: Log) -> None:
    """The log of a whole life: login, phone, card, order, copy, withdrawal, end."""
    ann = new_customer(shop)
    log.must_never_hold({*PLANTED, ann.openid, ann.access_token, ann.refresh_token})
    ann.topped_up()
    headers = {"Idempotency-Key": "export-0002", **passed(shop, ann, Operation.EXPORT_DATA)}
    shop.call("POST", "/api/v1/me/exports", token=ann.token, headers=headers)
    run(shop, "make_exports")
    headers = passed(shop, ann, Operation.ERASE_ACCOUNT)
    shop.call("POST", "/api/v1/me/erasure", token=ann.token, headers=headers)
    shop.clock.move(seconds=WAIT_MS // 1_000)
    run(shop, "erase_people")
    assert len(log.lines) > 20
