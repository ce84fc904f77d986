"""What a review of issue 6 found: each test shows the way in that was open (ID3, ID4, OR10, RK2, GW3)."""

from flow.attacks.test_races import at_once, caller_of
from flow.books import assert_refused
from flow.customers import Customer, new_customer, new_staff
from flow.test_enterprises import Acting, act
from flow.test_reviews import LARGE, claim, held, review
from flow.test_step_ups import give, give_code, start
from octane.identity.step_ups import Operation
from octane.kernel.caller import Role
from octane.reviews.deciding import prove_large_top_up
from octane.store.items import Table
from world.shop import Shop

FIRM_CARD = {"number": "1000111100007654321", "holder_name": "车队"}


def firm_of(shop: Shop, person: Customer) -> tuple[str, Acting]:
    firm = str(person.post("/enterprises", {"name": "Fleet Ltd"}).body["enterprise_id"])
    return firm, act(shop, person, firm)


def join(shop: Shop, owner: Acting, firm: str, person: Customer, role: str) -> Acting:
    path = f"/enterprises/{firm}/members/{person.user_id}"
    assert owner.call("PUT", path, {"role": role}).body["state"] == "INVITED"
    return act(shop, person, firm)


def held_for_firm(shop: Shop, placer: Acting, payer: Acting) -> str:
    """A large order of an enterprise: one places it, another pays."""
    card = placer.call("POST", "/cards", FIRM_CARD).body["card_id"]
    placed = placer.call("POST", "/orders", {"card_id": card, "amount_fen": LARGE})
    assert placed.status == 201, placed
    order = str(placed.body["order_id"])
    paying = payer.call("POST", f"/orders/{order}/pay", {"method": "WECHAT_NATIVE"})
    assert paying.status == 200, paying
    payer.person.pay_for(f"{order}P01")
    assert shop.deliver().status == 200
    shop.drain()
    step_up = payer.person.passed(Operation.LARGE_TOP_UP, order, LARGE)
    assert payer.call("POST", f"/orders/{order}/step-up", {"step_up_id": step_up}).status == 201
    shop.drain()
    return order


def test_nobody_reviews_what_they_paid_for_an_enterprise(shop: Shop, ann: Customer) -> None:
    # Given staff who pay as the finance person of an enterprise, and leave it
    firm, owner = firm_of(shop, ann)
    rita = new_staff(shop, Role.RISK)
    order = held_for_firm(shop, owner, join(shop, owner, firm, rita, "finance"))
    assert rita.delete(f"/enterprises/{firm}/members/{rita.user_id}").status == 204

    # When / Then
    assert_refused(claim(rita, order), 403, "OWN_REVIEW")
    assert claim(new_staff(shop, Role.RISK), order).status == 201


def test_nobody_reviews_an_order_of_their_own_enterprise(shop: Shop, ann: Customer) -> None:
    """Whoever owns the enterprise owns the money, even if others placed and paid."""
    firm, owner = firm_of(shop, ann)
    rita = new_staff(shop, Role.RISK)
    join(shop, owner, firm, rita, "owner")
    order = held_for_firm(shop, owner, owner)

    assert_refused(claim(rita, order), 403, "OWN_REVIEW")
    assert review(rita, order)["state"] == "WAITING"


def test_nobody_grants_a_refund_of_their_own_order(shop: Shop, operator: Customer, ann: Customer) -> None:
    """An operator's card is topped up, and the money would come back too."""
    phone = shop.call("POST", "/api/v1/me/phone", {"code": "phone-13800138000"}, token=operator.token)
    assert phone.status == 200
    operator.card_id = operator.bind()
    order = operator.topped_up()
    body = {"amount_fen": 10_000, "reason": "I want it back"}

    assert_refused(operator.post(f"/orders/{order}/refunds", body), 403, "FORBIDDEN")
    assert new_staff(shop, Role.FINANCE).post(f"/orders/{order}/refunds", body).status == 201
    assert operator.post(f"/orders/{ann.topped_up()}/refunds", body).status == 201


def test_two_taps_on_one_proof_are_both_answered(shop: Shop, ann: Customer) -> None:
    """The second is the first's replay: no `STEP_UP_REQUIRED` after the step-up has done its work."""
    order = held(shop, ann)
    step_up = ann.passed(Operation.LARGE_TOP_UP, order, LARGE)
    found = at_once([lambda: prove_large_top_up(shop.wiring, caller_of(ann), order, step_up)] * 8)
    assert found == ["ok"] * 8


def test_a_step_up_takes_one_token_not_two(ann: Customer) -> None:
    """Ten at once are allowed; the same key again is no other step-up."""
    body = {"operation": "ERASE_ACCOUNT", "subject": "", "amount_fen": 0}
    answers = [ann.post("/me/step-ups", body, f"step-up-key-{number}") for number in range(10)]
    assert [answer.status for answer in answers] == [201] * 10
    assert ann.post("/me/step-ups", body, "step-up-key-0").status == 201
    assert_refused(ann.post("/me/step-ups", body, "step-up-key-x"), 429, "TOO_MANY_REQUESTS")


def test_who_only_is_invited_stays_logged_in(shop: Shop, ann: Customer) -> None:
    """Any stranger can open an enterprise and invite whom they like."""
    victim = new_customer(shop, "1000111100002222222")
    firm, eve = firm_of(shop, ann)
    path = f"/enterprises/{firm}/members/{victim.user_id}"
    token = victim.access_token
    for method, body in (("PUT", {"role": "viewer"}), ("PUT", {"role": "finance"}), ("DELETE", None)):
        shop.clock.move(seconds=1)
        assert eve.call(method, path, body).status in {200, 204}
    shop.clock.move(seconds=60)

    assert shop.get("/api/v1/me", token=token).status == 200


def test_a_stranger_who_knows_the_phone_stops_no_step_up(shop: Shop, ann: Customer) -> None:
    """Codes that anybody may ask for neither replace the code of a step-up nor use up its day."""
    step_up = start(ann, "ERASE_ACCOUNT")
    assert give(ann, step_up, "SMS").status == 200
    code = shop.world.sms.get("/inbox?phone=13800138000")["messages"][-1]["parameters"][0]

    # When a stranger asks for one a minute, until no more are sent
    def asked() -> int:
        shop.clock.move(seconds=60)
        return shop.post("/api/v1/sms-codes", {"phone": "13800138000", "purpose": "LOGIN"}).status

    assert 429 not in {asked(), asked()}

    # Then the code of its owner still counts, and so does the next
    assert give(ann, step_up, "SMS", code).body["step_up"]["state"] == "PASSED"
    assert 429 in [asked() for _ in range(6)]
    assert give_code(shop, ann, start(ann, "EXPORT_DATA")).body["step_up"]["state"] == "PASSED"


def test_a_frozen_account_does_not_go_on_with_an_open_payment(shop: Shop, ann: Customer) -> None:
    """What was called once without an answer is called again by nobody who was frozen meanwhile."""
    order = ann.place()
    shop.world.wechat.misbehave("prepay", "status", count=1, status=500, after=False)
    assert_refused(ann.pay(order, key="frozen-key-1"), 504, "PAYMENT_UNKNOWN")
    rita = new_staff(shop, Role.RISK)
    assert rita.put(f"/users/{ann.user_id}/freeze", {"reason": "case 7"}).status == 200

    assert_refused(ann.pay(order, key="frozen-key-1"), 403, "ACCOUNT_FROZEN")


def test_who_is_being_erased_stays_out_when_a_freeze_is_lifted(shop: Shop, ann: Customer) -> None:
    """Else they log in, fill the wallet again, and the erasure takes the way to it."""
    step_up = ann.passed(Operation.ERASE_ACCOUNT)
    assert ann.post("/me/erasure", step_up=step_up).status == 202
    rita, rolf = new_staff(shop, Role.RISK), new_staff(shop, Role.RISK)
    path = f"/users/{ann.user_id}/freeze"
    assert rita.put(path, {"reason": "case 7"}).status in {200, 409}  # the promise may have frozen it
    lifted = shop.call("DELETE", f"/api/v1{path}", {"reason": "cleared"}, token=rolf.token)
    assert lifted.status == 200, lifted

    answer = shop.post("/api/v1/sessions", {"provider": "WECHAT", "code": f"code-{ann.openid}"})
    assert_refused(answer, 403, "ACCOUNT_FROZEN")


def test_a_device_that_is_hidden_is_none(shop: Shop, ann: Customer) -> None:
    """All zeros is what a phone answers whose owner hides it: a farm of everybody who does."""
    headers = {"X-Device-Id": "00000000-0000-0000-0000-000000000000", "Idempotency-Key": "hidden-key-1"}
    body = {"card_id": ann.card_id, "amount_fen": 100}
    assert shop.call("POST", "/api/v1/orders", body, token=ann.token, headers=headers).status == 201

    assert [item for item in shop.wiring.engine.items(Table.RISK) if str(item["pk"]).startswith("D")] == []
