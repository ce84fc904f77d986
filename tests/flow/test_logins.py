"""Several ways in for one person, through the real handlers and the providers' own wire (ID1, ID4, ID5)."""

from typing import Any

import pytest

from flow.books import assert_refused
from flow.customers import Customer, log_in
from octane.audit.acts import Act, act_in
from octane.identity.step_ups import Operation, binding, step_up_key
from octane.store.items import Query, Table
from octane.store.writes import Absent, Put
from world.shop import Answer, Shop

PHONE = "13700137000"
AT_HOME = {"X-Device-Id": "device-of-ann", "X-Location": "31.2304,121.4737"}
AWAY = {"X-Device-Id": "another-device"}
STEP_UP = "P" + "A" * 25


def send_code(shop: Shop, purpose: str = "LOGIN", phone: str = PHONE) -> str:
    """Ask for a code, a minute after the one before, and read the phone's messages."""
    shop.clock.move(seconds=60)
    answer = shop.call("POST", "/api/v1/sms-codes", {"phone": phone, "purpose": purpose})
    assert (answer.status, answer.body) == (202, {"expires_in": 300, "again_in": 60})
    messages = shop.world.sms.get(f"/inbox?phone={phone}")["messages"]
    return str(messages[-1]["parameters"][0])


def enter(shop: Shop, body: dict[str, str], key: str, **headers: str) -> Answer:
    named = {"Idempotency-Key": key, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return shop.call("POST", "/api/v1/sessions", body, headers=named)


def acts(shop: Shop, subject: str) -> list[Act]:
    return [act_in(item) for item in shop.wiring.store.scan_pages(Query(Table.AUDIT, subject))]


def pass_step_up(shop: Shop, person: Customer, provider: str) -> str:
    item = {
        "state": "PASSED",
        "binding": binding(Operation.UNLINK_LOGIN, provider, 0),
        "expires_at": shop.clock.now() + 60_000,
    }
    shop.wiring.store.commit(Put(step_up_key(person.user_id, STEP_UP), item, when=Absent()))
    return STEP_UP


def test_one_person_by_wechat_alipay_and_phone(shop: Shop) -> None:
    # Given somebody of the mini-program
    ann = log_in(shop)

    # When they link the other two
    linked = shop.call(
        "POST", "/api/v1/me/logins", {"provider": "ALIPAY", "code": "code-ann-at-alipay"}, token=ann.token
    )
    assert linked.status == 200, linked
    code = send_code(shop, "LINK_LOGIN")
    body = {"provider": "PHONE", "code": code, "phone": PHONE}
    linked = shop.call("POST", "/api/v1/me/logins", body, token=ann.token)

    # Then all three are shown, masked, and lead to one account
    assert linked.body == {
        "linked": [
            {"provider": "WECHAT", "shown": f"****{ann.openid[-4:]}"},
            {"provider": "ALIPAY", "shown": "****ipay"},
            {"provider": "PHONE", "shown": "137****7000"},
        ]
    }
    by_alipay = enter(shop, {"provider": "ALIPAY", "code": "code-ann-at-alipay.2"}, "key-0001")
    by_phone = enter(shop, {"provider": "PHONE", "code": send_code(shop), "phone": PHONE}, "key-0002")
    for session in (by_alipay, by_phone):
        assert session.status == 201, session
        assert session.body["user"]["user_id"] == ann.user_id
    listed = ann.get("/me/logins").body
    assert [one["provider"] for one in listed["recent"]] == ["PHONE", "ALIPAY", "WECHAT"]
    assert {one["ip"] for one in listed["recent"]} == {"127.0.*.*"}


def test_a_login_is_unlinked_by_a_step_up(shop: Shop) -> None:
    # Given
    ann = log_in(shop)
    body = {"provider": "ALIPAY", "code": "code-ann-at-alipay"}
    assert shop.call("POST", "/api/v1/me/logins", body, token=ann.token).status == 200

    # When / Then
    path = "/api/v1/me/logins/ALIPAY"
    assert_refused(shop.call("DELETE", path, token=ann.token), 403, "STEP_UP_REQUIRED")
    headers = {"X-Step-Up": pass_step_up(shop, ann, "ALIPAY")}
    done = shop.call("DELETE", path, token=ann.token, headers=headers)
    assert (done.status, [one["provider"] for one in done.body["linked"]]) == (200, ["WECHAT"])
    assert_refused(shop.call("DELETE", path, token=ann.token, headers=headers), 404, "LOGIN_NOT_LINKED")
    assert shop.call("DELETE", "/api/v1/me/logins/NOBODY", token=ann.token).status == 400


def test_who_pays_inside_alipay(shop: Shop) -> None:
    # Given a person of Alipay's mini-program, and one who has no login there
    session = enter(shop, {"provider": "ALIPAY", "code": "code-payer-1"}, "key-0001")
    token = session.body["access_token"]
    bound = shop.call("POST", "/api/v1/me/phone", {"code": "phone-13800138000"}, token=token)
    assert bound.status == 200, bound
    order_id = shop.place(token, shop.bind_card(token))

    # When
    started = shop.post(f"/api/v1/orders/{order_id}/pay", {"method": "ALIPAY_JSAPI"}, token=token)

    # Then
    assert started.status == 200, started
    other = log_in(shop)
    assert (
        shop.call("POST", "/api/v1/me/phone", {"code": "phone-13800138000"}, token=other.token).status == 200
    )
    other.card_id = other.bind()
    assert_refused(other.pay(other.place(), "ALIPAY_JSAPI"), 400, "PAYER_MISSING")


def test_an_unusual_login_is_challenged(shop: Shop) -> None:
    # Given somebody with a phone, who has a device
    body = {"provider": "WECHAT", "code": "code-ann"}
    first = enter(shop, body, "key-0001", **AT_HOME)
    token, user_id = first.body["access_token"], first.body["user"]["user_id"]
    assert shop.call("POST", "/api/v1/me/phone", {"code": f"phone-{PHONE}"}, token=token).status == 200

    # When another device comes
    assert_refused(enter(shop, body, "key-0002", **AWAY), 403, "LOGIN_CHALLENGED")
    code = send_code(shop, "LOGIN_CHALLENGE")
    assert_refused(enter(shop, body | {"sms_code": "000000"}, "key-0002", **AWAY), 400, "SMS_CODE_INVALID")
    entered = enter(shop, body | {"sms_code": code}, "key-0002", **AWAY)

    # Then
    assert entered.status == 201, entered
    told = [(act.reason, act.ip, act.device) for act in acts(shop, user_id) if act.action == "log_in"]
    assert told == [
        ("WECHAT", "127.0.0.1", "device-of-ann"),
        ("WECHAT LOGIN_CHALLENGED NEW_DEVICE", "127.0.0.1", "another-device"),
        ("WECHAT SMS_CODE_INVALID", "127.0.0.1", "another-device"),
        ("WECHAT NEW_DEVICE", "127.0.0.1", "another-device"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"provider": "QQ", "code": "code-x"},
        {"provider": "WECHAT"},
        {"provider": "PHONE", "code": "123456"},
        {"provider": "PHONE", "code": "123456", "phone": "12345"},
        {"provider": "PHONE", "code": "123456", "phone": {"$ne": ""}},
        {"provider": "PHONE", "code": "123456", "phone": "+85291234567"},
        {"provider": "WECHAT", "code": "code-x", "sms_code": "12345a"},
        {"provider": "WECHAT", "code": "code-x", "role": "finance"},
        {"provider": "WECHAT", "code": "code-x", "user_id": "U" * 26},
    ],
    ids="-".join,
)
def test_a_login_that_makes_no_sense(shop: Shop, body: dict[str, Any]) -> None:
    assert enter(shop, body, "key-0001").status == 400


def test_a_code_of_another_app(shop: Shop) -> None:
    for provider in ("WECHAT", "ALIPAY"):
        refused = enter(shop, {"provider": provider, "code": "no-code-of-theirs"}, f"key-{provider}")
        assert_refused(refused, 401, "LOGIN_CODE_INVALID")


def test_codes_are_limited_and_say_when(shop: Shop) -> None:
    send_code(shop)
    body = {"phone": PHONE, "purpose": "LOGIN"}
    refused = shop.call("POST", "/api/v1/sms-codes", body)
    assert_refused(refused, 429, "SMS_TOO_OFTEN")
    assert_refused(
        shop.call("POST", "/api/v1/sms-codes", body | {"phone": "12345678901"}), 400, "PHONE_INVALID"
    )
    assert shop.call("POST", "/api/v1/sms-codes", body | {"purpose": "STEP_UP#1"}).status == 400


def test_no_code_and_no_phone_is_logged(shop: Shop, log: Any) -> None:
    code = send_code(shop)
    assert enter(shop, {"provider": "PHONE", "code": code, "phone": PHONE}, "key-0001").status == 201
    log.must_never_hold({PHONE})
    assert not any(f'"{code}"' in line for line in log.lines)


def test_the_authorizer_passes_on_what_the_token_says(shop: Shop) -> None:
    # Given
    session = enter(shop, {"provider": "ALIPAY", "code": "code-payer-1"}, "key-0001")

    # When
    event = shop.event(
        "GET", "/api/v1/me", None, headers={"Authorization": f"Bearer {session.body['access_token']}"}
    )
    policy = shop.function("identity/authorize")({**event, "methodArn": "arn:aws:e:r:1:a/s/GET/x"}, None)

    # Then the gateway takes strings only
    assert policy["context"]["alipay_id"] == "payer-1"
    assert (policy["context"]["openid"], policy["context"]["member"]) == ("", "")
    assert all(isinstance(value, str) for value in policy["context"].values())
