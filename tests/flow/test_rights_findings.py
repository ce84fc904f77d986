"""What a review of issue 6 found in files that others were writing at that time; each passes with its patch
(then its mark goes, and the test to `test_review_findings`)."""

from flow.books import assert_refused
from flow.conftest import Log
from flow.customers import Customer, log_in, new_staff
from flow.test_privacy import run
from flow.test_risk import LARGE, publish, send
from flow.test_step_ups import give_code, start
from octane.identity.step_ups import Operation
from octane.identity.users import user_key
from octane.kernel.caller import Role
from octane.ledger.accounts import wallet
from octane.ledger.balances import credit
from octane.orders.attempts import SHARD
from octane.rights.erasing import WAIT_MS
from octane.risk.defaults import ROWS
from octane.store.items import Table
from world.shop import Shop


def test_a_challenged_top_up_of_the_wallet_can_be_met(shop: Shop, ann: Customer) -> None:
    """A step-up names no card for it, so it must be bound to none."""
    publish(new_staff(shop, Role.RISK), "CHALLENGE")
    body = {"amount_fen": LARGE}
    assert_refused(ann.post("/wallet/top-ups", body, "top-up-1"), 403, "STEP_UP_REQUIRED")

    step_up = start(ann, "PLACE_ORDER", "", LARGE)
    assert give_code(shop, ann, step_up).body["step_up"]["state"] == "PASSED"
    assert ann.post("/wallet/top-ups", body, "top-up-1", step_up).status == 201


def test_a_frozen_account_is_not_erased_on_its_own_word(shop: Shop, ann: Customer) -> None:
    """Else whoever was blocked asks within the minute that their token lives, and begins anew as unknown."""
    rita = new_staff(shop, Role.RISK)
    assert send(rita, "PUT", f"/users/{ann.user_id}/freeze", {"reason": "case 7"}).status == 200
    asked = ann.post("/me/erasure", step_up=ann.passed(Operation.ERASE_ACCOUNT))
    assert_refused(asked, 403, "ACCOUNT_FROZEN")


def test_no_money_comes_in_after_the_promise_to_erase(ann: Customer) -> None:
    """Tokens live for a minute more, and logins are freed before the wallet is looked at."""
    assert ann.post("/me/erasure", step_up=ann.passed(Operation.ERASE_ACCOUNT)).status == 202
    assert_refused(ann.post("/wallet/top-ups", {"amount_fen": 10_000}), 403, "ACCOUNT_FROZEN")


def test_who_has_money_is_not_half_erased(shop: Shop, ann: Customer) -> None:
    """A balance that came after the promise must leave the way to it: login, cards, phone."""
    assert ann.post("/me/erasure", step_up=ann.passed(Operation.ERASE_ACCOUNT)).status == 202
    with shop.wiring.lists.watch.resting():
        shop.wiring.store.commit(credit(wallet(ann.user_id), SHARD, 500))
    before = len([item for item in shop.wiring.engine.items(Table.IDENTITY) if item["pk"] == ann.user_id])
    shop.clock.move(seconds=WAIT_MS // 1_000)
    run(shop, "erase_people")

    after = [item for item in shop.wiring.engine.items(Table.IDENTITY) if item["pk"] == ann.user_id]
    assert len(after) == before
    assert any(item["sk"] == user_key(ann.user_id).sk for item in after)


def test_a_copy_tells_of_nobody_else_and_of_no_suspicion(shop: Shop, ann: Customer, log: Log) -> None:
    """Staff's ids, addresses and devices are theirs; and who is watched is not told so (RK2)."""
    rita, rolf = new_staff(shop, Role.RISK), new_staff(shop, Role.RISK)
    ann.topped_up()
    path = f"/users/{ann.user_id}/freeze"
    assert send(rita, "PUT", path, {"reason": "case 7"}).status == 200
    assert send(rolf, "DELETE", path, {"reason": "cleared"}).status == 200
    watch = {"entry": "WATCH", "reason": "case 8"}
    assert send(rita, "PUT", f"/risk/lists/user/{ann.user_id}", watch).status == 200
    assert ann.post("/me/exports", key="copy-key-1", step_up=ann.passed(Operation.EXPORT_DATA)).status == 202
    run(shop, "make_exports")

    content = shop.wiring.__dict__["work"].kept.content
    copy = next(data for key, data in content.items() if key.endswith("data.json")).decode()
    assert ann.user_id in copy
    told = [rita.user_id, rolf.user_id, rita.session_id, "case 7", "case 8", "WATCH"]
    assert [word for word in told if word in copy] == []


def test_copies_are_limited(shop: Shop) -> None:
    """Whoever has no phone needs no step-up, and each copy costs a run of the printer."""
    nobody = log_in(shop)
    answers = [nobody.post("/me/exports", key=f"copy-key-{number}") for number in range(3)]
    assert [answer.status for answer in answers] == [202, 202, 429]
    assert nobody.post("/me/exports", key="copy-key-0").status == 202  # fetching it costs nothing


def test_a_place_is_kept_with_consent_only(shop: Shop, ann: Customer) -> None:
    def place() -> dict[str, object]:
        body = {"card_id": ann.card_id, "amount_fen": 100}
        headers = {"Idempotency-Key": f"place-{shop.wiring.nonces.token()}", "X-Location": "31.23,121.47"}
        assert shop.call("POST", "/api/v1/orders", body, token=ann.token, headers=headers).status == 201
        [person] = [item for item in shop.wiring.engine.items(Table.RISK) if item["pk"] == ann.user_id]
        return person

    assert "lat" not in place()
    assert ann.put("/me/consents/LOCATION", {"given": True, "text_version": 1}).status == 200
    assert place()["lat"] == 312
    assert ann.put("/me/consents/LOCATION", {"given": False}).status == 200
    [person] = [item for item in shop.wiring.engine.items(Table.RISK) if item["pk"] == ann.user_id]
    assert "lat" not in person


def test_nobody_is_frozen_for_what_strangers_can_do() -> None:
    """Orders that nobody pays, for a card or from a device that is named like the victim's, count like
    others: they may hold an order, and must not freeze and report its person. Lists are people's word."""
    frozen = {reason: set(cells) for outcome, reason, cells in ROWS if outcome == "BLOCK"}
    lists = {"user_list", "device_list", "card_list"}
    assert {reason: cells - lists for reason, cells in frozen.items() if cells - lists} == {}
