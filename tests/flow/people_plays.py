"""What people and staff do that no other test of the flow plays: each says where it must end."""

from typing import Any

from flow.closing import write_journal
from flow.customers import Customer, log_in, new_customer, new_staff
from flow.routes import another_process, draft
from flow.test_enterprises import act, joined
from flow.test_logins import AT_HOME, enter, pass_step_up, send_code
from flow.test_privacy import passed
from flow.test_reviews import test_a_review_that_nobody_ends_returns_the_money as a_review_ends
from flow.test_risk import LARGE, publish, with_rule
from flow.test_step_ups import set_pin
from octane.identity.logins import Login, Provider
from octane.identity.step_ups import Operation
from octane.kernel.caller import Role
from octane.limits.buckets import bucket_key
from octane.store.expressions import marshal_item
from octane.store.items import Table
from octane.store.writes import Absent, Delete, Exists, Put
from world.shop import Answer, Shop, context

AGES = 10**18


def exhausted(shop: Shop, name: str, whom: str) -> None:
    """The limit is used up, and the process that comes next does not know."""
    spent = {"full_at": AGES, "ttl": AGES // 10**6}
    shop.wiring.store.commit(Put(bucket_key(name, whom), spent, when=Absent()))


def assert_too_many(answer: Answer) -> None:
    assert (answer.status, answer.code) == (429, "TOO_MANY_REQUESTS"), answer


def limits_are_met(shop: Shop, _ann: Customer) -> None:
    operator, rita, auditor = (new_staff(shop, role) for role in (Role.OPERATOR, Role.RISK, Role.AUDITOR))
    exhausted(shop, "dry_run_user", operator.user_id)
    exhausted(shop, "dry_run_user", rita.user_id)
    exhausted(shop, "evidence_user", auditor.user_id)
    assert_too_many(operator.post("/routing/dry-runs", {"rules": draft(), "attempts": ["T"]}))
    rules = with_rule(rita, "HOLD")
    assert_too_many(rita.post("/risk/rules/dry-run", {"rules": rules, "orders": ["A" * 26]}))
    assert_too_many(auditor.post("/evidence", {"user_id": auditor.user_id}))


def codes_run_out_in_another_process(shop: Shop, _ann: Customer) -> None:
    for _ in range(5):
        send_code(shop)
    shop.wiring = another_process(shop)
    shop.clock.move(seconds=60)
    refused = shop.call("POST", "/api/v1/sms-codes", {"phone": "13700137000", "purpose": "LOGIN"})
    assert (refused.status, refused.code) == (429, "SMS_LIMIT_REACHED")


def another_phone(shop: Shop, ann: Customer) -> None:
    code = send_code(shop, "CHANGE_PHONE", "13800138000")
    body = {"code": "phone-13900139000", "sms_code": code}
    assert shop.call("POST", "/api/v1/me/phone", body, token=ann.token).status == 200


def wechat_is_linked(shop: Shop, _ann: Customer) -> None:
    session = enter(shop, {"provider": "ALIPAY", "code": "code-newcomer"}, "key-0001")
    body = {"provider": "WECHAT", "code": "code-of-somebody-new"}
    linked = shop.call("POST", "/api/v1/me/logins", body, token=session.body["access_token"])
    assert [one["provider"] for one in linked.body["linked"]] == ["WECHAT", "ALIPAY"]


def an_old_login_is_unlinked(shop: Shop, _ann: Customer) -> None:
    """An account from before there were several ways in: nothing names its login."""
    person = log_in(shop)
    body = {"provider": "ALIPAY", "code": "code-person-at-alipay"}
    assert shop.call("POST", "/api/v1/me/logins", body, token=person.token).status == 200
    shop.wiring.store.commit(Delete(Login(Provider.WECHAT, person.openid).key, when=Exists()))
    headers = {"X-Step-Up": pass_step_up(shop, person, "WECHAT")}
    gone = shop.call("DELETE", "/api/v1/me/logins/WECHAT", token=person.token, headers=headers)
    assert [one["provider"] for one in gone.body["linked"]] == ["ALIPAY"]


def an_enterprise_and_who_leaves_it(shop: Shop, ann: Customer) -> None:
    firm = ann.post("/enterprises", {"name": "Fleet Ltd"}).body["enterprise_id"]
    owner = act(shop, ann, firm)
    assert owner.call("POST", "/wallet/top-ups", {"amount_fen": 500}).status == 201
    member = joined(shop, owner, firm, "operator").person
    assert len(owner.call("GET", f"/enterprises/{firm}").body["members"]) == 2
    headers = passed(shop, member, Operation.ERASE_ACCOUNT)
    promised = shop.call("POST", "/api/v1/me/erasure", token=member.token, headers=headers)
    assert promised.status == 202, promised
    assert len(owner.call("GET", f"/enterprises/{firm}").body["members"]) == 1


def a_place_is_forgotten(shop: Shop, _ann: Customer) -> None:
    person = new_customer(shop)
    agreed = {"given": True, "text_version": 1}
    assert person.put("/me/consents/LOCATION", agreed).status == 200
    body = {"provider": "WECHAT", "code": f"code-{person.openid}"}
    assert enter(shop, body, "key-0001", **AT_HOME).status == 201
    order, headers = (
        {"card_id": person.card_id, "amount_fen": 100},
        {"Idempotency-Key": "key-0002", **AT_HOME},
    )
    assert shop.call("POST", "/api/v1/orders", order, token=person.token, headers=headers).status == 201
    assert person.put("/me/consents/LOCATION", {"given": False}).body["holds"] is False
    [seen] = [item for item in shop.wiring.engine.items(Table.RISK) if item["pk"] == person.user_id]
    assert "lat" not in seen


def quick(person: Customer, amount: int, step_up: str = "") -> Answer:
    body = {"userId": person.user_id, "amount": amount // 100, "paymentMethod": "WECHAT_NATIVE"}
    return person.post("/payments/create", body, step_up=step_up)


def challenges_are_met(shop: Shop, ann: Customer) -> None:
    publish(new_staff(shop, Role.RISK), "CHALLENGE")
    step_up = ann.passed(Operation.PLACE_ORDER, ann.card_id, LARGE)
    assert quick(ann, LARGE, step_up).status == 201
    step_up = ann.passed(Operation.PLACE_ORDER, "", LARGE)
    assert ann.post("/wallet/top-ups", {"amount_fen": LARGE}, step_up=step_up).status == 201


def a_card_of_two(shop: Shop, ann: Customer) -> None:
    new_customer(shop).place()
    assert quick(ann, 10_000).status == 201


def staff_look_at_orders(shop: Shop, ann: Customer) -> None:
    order, support = ann.place(), new_staff(shop, Role.SUPPORT)
    assert support.order(order).status == 200
    assert support.get(f"/orders?userId={ann.user_id}").status == 200


def a_review_ends_by_the_schedule(shop: Shop, ann: Customer) -> None:
    a_review_ends(shop, ann, new_staff(shop, Role.RISK), "schedule")


def a_review_ends_by_its_machine(shop: Shop, ann: Customer) -> None:
    a_review_ends(shop, ann, new_staff(shop, Role.RISK), "machine")


def a_blocked_order_is_reported(shop: Shop, ann: Customer) -> None:
    publish(new_staff(shop, Role.RISK), "BLOCK")
    refused = ann.post("/orders", {"card_id": ann.card_id, "amount_fen": LARGE})
    assert refused.code == "RISK_BLOCKED"
    shop.function("risk/report_alliance")({}, context())
    assert len(shop.world.alliance.get("/books")["reports"]) == 1


def inserted(shop: Shop, table: Table, part: str) -> dict[str, Any]:
    """The stream of what came to a table, of items that have this."""
    changes = shop.wiring.engine.changes(table)
    records = [
        {
            "eventName": change.kind.value,
            "dynamodb": {
                "Keys": marshal_item({"pk": change.key.pk, "sk": change.key.sk}),
                "NewImage": marshal_item(change.new),
            },
        }
        for change in changes
        if change.new and (part in change.new or part == change.key.sk)
    ]
    return {"Records": records}


def a_grade_falls(shop: Shop, ann: Customer) -> None:
    order, operator = ann.topped_up(), new_staff(shop, Role.OPERATOR)
    granted = operator.post(f"/orders/{order}/refunds", {"amount_fen": 100, "reason": "goodwill"})
    assert granted.status == 201, granted
    shop.function("risk/learn_outcomes")(inserted(shop, Table.LEDGER, "legs"), context())
    [person] = [item for item in shop.wiring.engine.items(Table.RISK) if item["pk"] == ann.user_id]
    assert person["grade"] == "C"


def evidence_is_asked_for(shop: Shop, ann: Customer) -> None:
    order, auditor = ann.topped_up(), new_staff(shop, Role.AUDITOR)
    assert auditor.get(f"/audit?subject={order}").body["acts"]
    write_journal(shop)
    shop.function("audit/journal_acts")(inserted(shop, Table.AUDIT, "action"), context())
    shop.function("evidence/stamp_heads")({}, context())
    shop.clock.move(seconds=1)
    asked = [auditor.post("/evidence", {"order_id": order}, "ask-again") for _ in range(2)]
    asked.append(auditor.post("/evidence", {"user_id": ann.user_id}))
    assert [answer.status for answer in asked] == [202, 202, 202], asked
    write_journal(shop)
    for _ in range(2):  # a stream repeats itself
        shop.function("audit/journal_acts")(inserted(shop, Table.AUDIT, "action"), context())
    for record in inserted(shop, Table.AUDIT, "#EVIDENCE")["Records"]:
        shop.function("evidence/build_evidence")({"Records": [record]}, context())
    for answer in asked:
        assert auditor.get(f"/evidence/{answer.body['evidence_id']}").body["is_ready"]
    shop.clock.move(seconds=31 * 24 * 3_600)
    for _ in range(2):
        shop.function("evidence/compliance_report")({}, context())


def a_named_person_takes_a_password(shop: Shop, ann: Customer) -> None:
    """It may not be their birthday, which is in the number."""
    named = ann.put("/me/identity", {"name": "张三", "identity_number": "11010519491231002X"})
    assert named.status == 200, named
    set_pin(shop, ann)


PLAYS = (
    limits_are_met,
    codes_run_out_in_another_process,
    another_phone,
    wechat_is_linked,
    an_old_login_is_unlinked,
    an_enterprise_and_who_leaves_it,
    a_place_is_forgotten,
    challenges_are_met,
    a_card_of_two,
    staff_look_at_orders,
    a_review_ends_by_the_schedule,
    a_review_ends_by_its_machine,
    a_blocked_order_is_reported,
    a_grade_falls,
    evidence_is_asked_for,
    a_named_person_takes_a_password,
)
