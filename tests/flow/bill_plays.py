"""Accounts at billers, plans and orders of bills that no other test of the flow plays: each says where it
must end (OR9)."""

from typing import Any

from flow.customers import Customer, log_in, new_staff
from flow.test_coupons import claim, forgets, opened
from flow.test_enterprises import act
from flow.test_risk import publish
from flow.tills import WECHAT, Till
from octane.identity.step_ups import Operation
from octane.kernel.caller import Role
from octane.privacy.keys import CURRENT
from octane.store.items import Key, Table
from octane.store.writes import Delete, Exists
from world.shop import Shop, context

NUMBER, BILL, OTHER = "2026000012345678", "E202611-1", "E202611-2"
OWED = 600_000
Json = dict[str, Any]


def bound(shop: Shop, person: Customer, number: str = NUMBER) -> str:
    """An account at the electricity company that owes two bills, one of them in parts."""
    bill = {"bill_no": BILL, "owed": OWED, "period": "2026-11", "partial": True, "minimum": 100}
    other = {"bill_no": OTHER, "owed": 9_000, "period": "2026-10"}
    shop.world.billers.post("/accounts", biller="ELECTRICITY", account_no=number, bills=[bill, other])
    made = person.post("/bill-accounts", {"biller": "ELECTRICITY", "account_no": number})
    assert made.status == 201, made
    return str(made.body["bill_account_id"])


def coupon(shop: Shop, person: Customer) -> str:
    """One of 5 CNY, claimed."""
    forgets(shop)
    answer = claim(person, opened(shop, new_staff(shop, Role.OPERATOR)))
    assert answer.status == 201, answer
    return str(answer.body["coupon_id"])


def planned(person: Customer, account: str, instalments: int = 12) -> str:
    body = {"bill_account_id": account, "bill_no": BILL, "instalments": instalments}
    made = person.post("/bill-plans", body)
    assert made.status == 201, made
    return str(made.body["plan_id"])


def placed(person: Customer, path: str = "/bill-orders", **body: object) -> str:
    answer = person.post(path, body)
    assert answer.status == 201, answer
    return str(answer.body["order_id"])


def instalments(shop: Shop, person: Customer, count: int = 1, of: int = 12) -> str:
    """An order of so many instalments of a plan, with a coupon."""
    account = bound(shop, person)
    plan = planned(person, account, of)
    body = {"bill_account_id": account, "plan_id": plan, "instalments": count}
    return placed(person, coupon_ids=[coupon(shop, person)], **body)


def pay(shop: Shop, person: Customer, order: str, till: Till = WECHAT, **faults: object) -> None:
    answer = person.choose(order, method=till.method)
    assert answer.status == 200, answer
    till.pay(shop, str(answer.body["payment"]["out_trade_no"]), **faults)
    assert shop.deliver().status == 200


def assert_free(person: Customer, order: str) -> None:
    """What the order held can be had again."""
    shown = person.order(order).body
    states = [each["state"] for each in person.get("/me/coupons").body["coupons"]]
    plans = [each["order_id"] for each in person.get("/bill-plans").body["plans"]]
    assert shown["state"] in {"CLOSED", "FAILED"}, shown
    assert set(states) <= {"AVAILABLE", "RETURNED"}, states
    assert set(plans) <= {None}, plans


def paid_plan(person: Customer, order: str) -> int:
    plan = person.order(order).body["plan_id"]
    return int(person.get(f"/bill-plans/{plan}").body["paid_fen"])


def billers_and_accounts(shop: Shop, ann: Customer) -> None:
    assert len(ann.get("/billers").body["billers"]) == 5
    account = bound(shop, ann)
    assert [each["bill_account_id"] for each in ann.get("/bill-accounts").body["accounts"]] == [account]
    body = {"biller": "ELECTRICITY", "account_no": NUMBER}
    assert ann.post("/bill-accounts", body, "again-0001").status == 201
    assert ann.post("/bill-accounts", body, "again-0001").body["bill_account_id"] == account
    shop.clock.move(seconds=61)
    owes = ann.get(f"/bill-accounts/{account}/bills").body
    assert [each["owed_fen"] for each in owes["bills"]] == [OWED, 9_000]
    assert ann.delete(f"/bill-accounts/{account}").status == 204


def the_first_key_of_all_seals_an_account(shop: Shop, _ann: Customer) -> None:
    keys = [item for item in shop.wiring.engine.items(Table.IDENTITY) if item["pk"] == CURRENT.pk]
    gone = [Delete(Key(Table.IDENTITY, str(item["pk"]), str(item["sk"])), when=Exists()) for item in keys]
    shop.wiring.store.commit(*gone)
    bound(shop, log_in(shop))


def an_order_is_challenged_and_sent_twice(shop: Shop, ann: Customer) -> None:
    publish(new_staff(shop, Role.RISK), "CHALLENGE", 9_000)
    account = bound(shop, ann)
    body = {"bill_account_id": account, "bills": [{"bill_no": OTHER, "amount_fen": 9_000}]}
    step_up = ann.passed(Operation.PLACE_ORDER, account, 9_000)
    first, again = (ann.post("/bill-orders", body, "bills-0001", step_up) for _ in range(2))
    assert (first.status, again.body["order_id"]) == (201, first.body["order_id"]), again


def an_enterprise_pays_its_bills(shop: Shop, ann: Customer) -> None:
    firm = ann.post("/enterprises", {"name": "Fleet Ltd"}).body["enterprise_id"]
    owner = act(shop, ann, firm)
    bound(shop, ann)
    wanted = {"biller": "ELECTRICITY", "account_no": NUMBER}
    account = owner.call("POST", "/bill-accounts", wanted).body["bill_account_id"]
    body = {"bill_account_id": account, "bills": [{"bill_no": OTHER, "amount_fen": 9_000}]}
    assert owner.call("POST", "/bill-orders", body).status == 201
    made = owner.call("POST", "/bill-plans", {"bill_account_id": account, "bill_no": BILL, "instalments": 12})
    assert made.status == 201, made
    shop.clock.move(seconds=40 * 24 * 3_600)
    shop.function("bills/remind_instalments")({}, context())


def plans_are_made_reminded_of_and_cancelled(shop: Shop, ann: Customer) -> None:
    account = bound(shop, ann)
    shop.clock.move(seconds=61)
    plan = planned(ann, account)
    body = {"bill_account_id": account, "bill_no": BILL, "instalments": 12}
    assert ann.post("/bill-plans", body).code == "BILL_PLANNED"
    due = ann.get(f"/bill-plans/{plan}").body["instalments"]
    assert len(due) == 12
    shop.clock.move(seconds=40 * 24 * 3_600)
    shop.function("bills/remind_instalments")({}, context())
    assert ann.delete(f"/bill-plans/{plan}").status == 204
    assert [each["state"] for each in ann.get("/bill-plans").body["plans"]] == ["CANCELLED"]


PLAYS = (
    billers_and_accounts,
    the_first_key_of_all_seals_an_account,
    an_order_is_challenged_and_sent_twice,
    an_enterprise_pays_its_bills,
    plans_are_made_reminded_of_and_cancelled,
)
