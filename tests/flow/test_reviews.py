"""Large orders wait for people (OR10): their money is held, and the hold ends once, in go or return."""

from typing import Any

import pytest

from flow.books import assert_refused, assert_settled, entries, nets, recharges
from flow.customers import Customer, new_customer, new_staff
from octane.identity.step_ups import Operation
from octane.kernel.caller import Role
from octane.orders.states import Queue
from world.shop import Answer, Shop

LARGE = 250_000
HUGE = 1_200_000
PAID = "CHANNEL_RECEIVABLE:WECHAT"
DAY = 24 * 3_600


@pytest.fixture
def ann(shop: Shop) -> Customer:
    return new_customer(shop)


@pytest.fixture
def rita(shop: Shop) -> Customer:
    return new_staff(shop, Role.RISK)


@pytest.fixture
def olaf(shop: Shop) -> Customer:
    return new_staff(shop, Role.OPERATOR)


def held(shop: Shop, ann: Customer, amount: int = LARGE) -> str:
    """An order that is paid and whose review's machine waits for the customer's face."""
    order = ann.place(amount)
    ann.pay_for(ann.start_paying(order))
    assert shop.deliver().status == 200
    shop.drain()
    assert ann.state(order) == "REVIEWING"
    return order


def proven(shop: Shop, ann: Customer, amount: int = LARGE) -> str:
    """The same, after the customer has shown their face."""
    order = held(shop, ann, amount)
    assert prove(ann, order, amount).status == 201
    shop.drain()
    return order


def prove(ann: Customer, order: str, amount: int, subject: str = "") -> Answer:
    step_up = ann.passed(Operation.LARGE_TOP_UP, subject or order, amount)
    return ann.post(f"/orders/{order}/step-up", {"step_up_id": step_up})


def review(staff: Customer, order: str) -> Any:
    answer = staff.get(f"/reviews/{order}")
    assert answer.status == 200, answer
    return answer.body


def claim(staff: Customer, order: str) -> Answer:
    return staff.post(f"/reviews/{order}/claim", {"version": review(staff, order)["version"]})


def decide(staff: Customer, order: str, decision: str, **more: Any) -> Answer:
    body = {"decision": decision, "reason": "seen and known", "version": review(staff, order)["version"]}
    return staff.post(f"/reviews/{order}/decision", {**body, **more})


def approve(staff: Customer, order: str) -> Answer:
    assert claim(staff, order).status == 201
    return decide(staff, order, "APPROVE")


def delivered(shop: Shop) -> None:
    shop.drain()
    assert shop.deliver().body == "success"
    shop.drain()


def test_a_large_order_is_held_until_it_is_approved(shop: Shop, ann: Customer, rita: Customer) -> None:
    # Given a large order, paid: held, and nothing is recharged
    order = held(shop, ann)
    assert nets(shop) == {PAID: LARGE, "REVIEW_HELD": -LARGE}
    assert recharges(shop) == []
    assert [each["order_id"] for each in rita.get("/reviews").body["reviews"]] == [order]

    # When its customer shows their face and a reviewer approves
    assert prove(ann, order, LARGE).status == 201
    shop.drain()
    approved = approve(rita, order)

    # Then it goes on like any other
    assert (approved.status, approved.body["state"], approved.body["decided_by"]) == (
        201,
        "APPROVED",
        rita.user_id,
    )
    delivered(shop)
    assert ann.state(order) == "SUCCEEDED"
    assert_settled(shop)
    assert shop.wiring.reviews.ended == [order]
    assert rita.get("/reviews").body["reviews"] == []
    assert ann.events(order) == [
        "OrderPlaced",
        "PaymentStarted",
        "OrderHeld",
        "OrderReleased",
        "OrderSucceeded",
    ]


def test_a_refused_order_goes_back_to_its_payer(shop: Shop, ann: Customer, rita: Customer) -> None:
    order = proven(shop, ann)
    assert claim(rita, order).status == 201
    assert decide(rita, order, "REFUSE").body["state"] == "REFUSED"
    shop.drain()
    assert shop.deliver().status == 200

    shown = ann.order(order).body
    assert (shown["state"], shown["refunded_fen"], shown["reason"]) == ("FAILED", LARGE, "REVIEW_REFUSED")
    assert nets(shop) == {}
    assert_settled(shop)


@pytest.mark.parametrize("by", ["schedule", "machine"])
def test_a_review_that_nobody_ends_returns_the_money(
    shop: Shop, ann: Customer, rita: Customer, by: str
) -> None:
    order = proven(shop, ann)
    assert claim(rita, order).status == 201
    shop.clock.move(seconds=DAY)
    if by == "machine":
        shop.wiring.reviews.time_out()
        shop.drain()
    else:
        shop.sweep()
    assert shop.deliver().status == 200

    assert ann.state(order) == "FAILED"
    assert review(rita, order)["state"] == "EXPIRED"
    assert_settled(shop)
    # And a decision that comes too late is refused
    assert_refused(decide(rita, order, "APPROVE"), 409, "REVIEW_STATE")
    shop.sweep()
    shop.wiring.reviews.time_out()
    shop.drain()
    assert [entry.kind for entry in entries(shop)].count("review_ended") == 1
    assert shop.wiring.reviews.ended == [order]


def test_the_deadline_counts_not_the_schedule(shop: Shop, ann: Customer, rita: Customer) -> None:
    order = proven(shop, ann)
    assert claim(rita, order).status == 201
    shop.clock.move(seconds=DAY)

    assert_refused(decide(rita, order, "APPROVE"), 409, "REVIEW_EXPIRED")
    assert_refused(claim(rita, order), 409, "REVIEW_EXPIRED")


def test_a_run_that_wakes_too_early_waits_again(shop: Shop, ann: Customer, rita: Customer) -> None:
    order = proven(shop, ann)
    shop.wiring.reviews.time_out()
    shop.wiring.reviews.step(shop.function, None)
    assert ann.state(order) == "REVIEWING"
    shop.drain()
    approve(rita, order)
    delivered(shop)
    assert shop.wiring.reviews.ended == [order]


def test_a_huge_order_needs_two_people(shop: Shop, ann: Customer, rita: Customer, olaf: Customer) -> None:
    order = proven(shop, ann, HUGE)
    first = approve(rita, order)
    shop.drain()
    assert (first.body["state"], first.body["approved_by"]) == ("WAITING", [rita.user_id])
    assert ann.state(order) == "REVIEWING"

    assert_refused(claim(rita, order), 403, "SECOND_REVIEWER")
    assert approve(olaf, order).body["state"] == "APPROVED"
    delivered(shop)
    assert ann.state(order) == "SUCCEEDED"
    assert_settled(shop)


def test_nobody_reviews_their_own_order(shop: Shop, rita: Customer) -> None:
    """Staff are customers too."""
    phone = shop.call("POST", "/api/v1/me/phone", {"code": "phone-13800138000"}, token=rita.token)
    assert phone.status == 200
    rita.card_id = rita.bind()
    order = proven(shop, rita)

    assert_refused(claim(rita, order), 403, "OWN_REVIEW")
    assert_refused(decide(rita, order, "APPROVE"), 403, "OWN_REVIEW")


def test_one_claims_and_no_other_decides(shop: Shop, ann: Customer, rita: Customer, olaf: Customer) -> None:
    order = proven(shop, ann)
    assert_refused(decide(rita, order, "APPROVE"), 409, "REVIEW_STATE")
    assert claim(rita, order).status == 201
    assert_refused(claim(olaf, order), 409, "REVIEW_STATE")
    assert_refused(decide(olaf, order, "APPROVE"), 409, "REVIEW_STATE")

    # A claim that is over is anybody's
    shop.clock.move(seconds=1_801)
    assert approve(olaf, order).body["decided_by"] == olaf.user_id


def test_a_decision_counts_once(shop: Shop, ann: Customer, rita: Customer) -> None:
    order = proven(shop, ann)
    version = claim(rita, order).body["version"]
    assert decide(rita, order, "APPROVE").status == 201
    again = decide(rita, order, "APPROVE", version=version)
    refused = decide(rita, order, "REFUSE", version=version)

    assert_refused(again, 409, "REVIEW_STATE")
    assert_refused(refused, 409, "REVIEW_STATE")
    assert [entry.kind for entry in entries(shop)].count("review_ended") == 1


def test_a_version_that_is_not_the_last_decides_nothing(shop: Shop, ann: Customer, rita: Customer) -> None:
    order = proven(shop, ann)
    version = claim(rita, order).body["version"]
    assert_refused(decide(rita, order, "APPROVE", version=version - 1), 409, "CHANGED_MEANWHILE")


def test_no_reviewer_before_the_face(shop: Shop, ann: Customer, rita: Customer) -> None:
    order = held(shop, ann)
    assert_refused(claim(rita, order), 409, "REVIEW_STATE")


@pytest.mark.parametrize("subject, amount", [("", LARGE + 1), ("TANOTHERORDER", LARGE)])
def test_a_proof_is_of_this_order_and_amount(shop: Shop, ann: Customer, subject: str, amount: int) -> None:
    order = held(shop, ann)
    assert_refused(prove(ann, order, amount, subject), 403, "STEP_UP_REQUIRED")


def test_a_proof_counts_once_and_for_its_own_person(shop: Shop, ann: Customer) -> None:
    order, other = held(shop, ann), new_customer(shop)
    foreign = other.passed(Operation.LARGE_TOP_UP, order, LARGE)
    assert_refused(ann.post(f"/orders/{order}/step-up", {"step_up_id": foreign}), 403, "STEP_UP_REQUIRED")
    assert_refused(prove(other, order, LARGE), 404, "ORDER_NOT_FOUND")

    assert prove(ann, order, LARGE).body["state"] == "WAITING"
    assert prove(ann, order, LARGE).body["state"] == "WAITING"  # given before: the same answer


def test_a_message_that_comes_twice_starts_one_run(shop: Shop, ann: Customer) -> None:
    order = held(shop, ann)
    for _ in range(2):
        shop.wiring.lists.messages[Queue.REVIEW].append({"order_id": order})
        shop.drain()
    assert shop.wiring.reviews.runs == {order}


def test_an_order_up_to_the_limit_is_not_reviewed(shop: Shop, ann: Customer) -> None:
    order = ann.paid(200_000)
    assert ann.state(order) == "RECHARGING"


def test_who_may_see_and_who_may_decide(shop: Shop, ann: Customer) -> None:
    order = proven(shop, ann)
    for role, sees, claims in [
        (Role.CUSTOMER, 403, 403),
        (Role.FINANCE, 403, 403),
        (Role.SUPPORT, 200, 403),
        (Role.AUDITOR, 200, 403),
        (Role.FINANCE_DIRECTOR, 200, 201),
    ]:
        staff = new_staff(shop, role)
        assert staff.get("/reviews").status == sees
        assert staff.get(f"/reviews/{order}").status == sees
        assert staff.post(f"/reviews/{order}/claim", {"version": 2}).status == claims


def test_a_decision_needs_words(shop: Shop, ann: Customer, rita: Customer) -> None:
    order = proven(shop, ann)
    assert claim(rita, order).status == 201
    assert_refused(decide(rita, order, "APPROVE", reason="    "), 400, "REVIEW_REASON_MISSING")
    assert_refused(decide(rita, order, "MAYBE"), 400, "INVALID_REQUEST")
    assert_refused(rita.get("/reviews/nothing"), 404, "REVIEW_NOT_FOUND")
