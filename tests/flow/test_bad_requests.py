"""What clients may get wrong: each is refused with its own code, writes nothing, and tells nothing."""

import json
from typing import Any

import pytest

from flow.books import assert_refused, brief, nothing_written
from flow.customers import Customer, log_in, new_customer, new_staff
from octane.kernel.caller import Role
from octane.store.items import Table
from world.shop import SINOPEC_CARD, Shop


def create_raw(ann: Customer, amount: str) -> Any:
    method = '"paymentMethod":"WECHAT_JSAPI"'
    return ann.send("/payments/create", f'{{"userId":"{ann.user_id}","amount":{amount},{method}}}')


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("not json", "BODY_INVALID"),
        ('{"card_id":', "BODY_INVALID"),
        ('{"amount_fen":1,"amount_fen":2}', "BODY_INVALID"),
        ("[" * 20_000, "BODY_INVALID"),
        ('{"a":' * 10_000, "BODY_INVALID"),
        ("\ufeff{}", "BODY_INVALID"),
        ("<xml/>", "BODY_INVALID"),
        ("card_id=1&amount_fen=2", "BODY_INVALID"),
        ("[]", "INVALID_REQUEST"),
        ("null", "INVALID_REQUEST"),
        ("7", "INVALID_REQUEST"),
        ('"text"', "INVALID_REQUEST"),
        ("{}", "INVALID_REQUEST"),
        ("", "INVALID_REQUEST"),
    ],
    ids=brief,
)
def test_bodies_that_are_no_order(shop: Shop, ann: Customer, body: str, code: str) -> None:
    with nothing_written(shop):
        assert_refused(ann.send("/orders", body, Content_Type="application/json"), 400, code)


@pytest.mark.parametrize(
    "body", ['{"x":"' + "a" * 1_000_000 + '"}', '{"x":"' + "油" * 30_000 + '"}'], ids=brief
)
def test_a_body_that_is_too_large(shop: Shop, ann: Customer, body: str) -> None:
    with nothing_written(shop):
        assert_refused(ann.send("/orders", body, Content_Type="application/json"), 413, "BODY_TOO_LARGE")


@pytest.mark.parametrize(
    "media",
    [
        "application/json; charset=gbk",
        "application/json;charset=ISO-8859-1",
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "text/plain",
        "application/xml",
        "",
    ],
)
def test_other_media_types(shop: Shop, ann: Customer, media: str) -> None:
    body = json.dumps({"card_id": ann.card_id, "amount_fen": 100})
    with nothing_written(shop):
        assert_refused(ann.send("/orders", body, Content_Type=media), 415, "MEDIA_TYPE_UNSUPPORTED")


@pytest.mark.parametrize(
    "media", ["application/json", "application/JSON; charset=UTF-8", 'application/json;charset="utf-8"']
)
def test_json_in_utf8_by_any_of_its_names(shop: Shop, ann: Customer, media: str) -> None:
    body = json.dumps({"card_id": ann.card_id, "amount_fen": 100})
    assert ann.send("/orders", body, Content_Type=media).status == 201


@pytest.mark.parametrize("media", ["multipart/form-data", "application/x-www-form-urlencoded", "text/plain"])
def test_an_empty_body_of_another_media_type(shop: Shop, ann: Customer, media: str) -> None:
    # Given a client that names a type and sends nothing
    order = ann.place()

    # When / Then it is missing where it is needed, and fine where it is not
    with nothing_written(shop):
        assert_refused(ann.send("/orders", "", Content_Type=media), 400, "INVALID_REQUEST")
    assert ann.send(f"/orders/{order}/cancel", "", Content_Type=media).status == 200


def test_a_body_that_came_as_bytes(shop: Shop, ann: Customer) -> None:
    # Given what API Gateway makes of a body it takes for binary
    event = shop.event("POST", "/api/v1/sessions", None, headers={"Idempotency-Key": "raw-key-1"}, raw="AAAA")
    event["isBase64Encoded"] = True

    # When / Then
    with nothing_written(shop):
        answer = shop.function("identity/login")(event, None)
    assert answer["statusCode"] == 415


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/sessions", {"provider": "WECHAT", "code": "code-x", "admin": True}),
        ("/sessions/refresh", {"refresh_token": "x", "role": "finance"}),
        ("/me/phone", {"code": "phone-13900139000", "phone": "13900139000"}),
        ("/cards", {"number": SINOPEC_CARD, "holder_name": "x", "user_id": "U"}),
        ("/orders", {"card_id": "CARD", "amount_fen": 100, "state": "SUCCEEDED"}),
        ("/orders/ORDER/pay", {"method": "WECHAT_JSAPI", "amount_fen": 1}),
        ("/orders/ORDER/refunds", {"amount_fen": 1, "reason": "x", "force": True}),
        ("/payments/create", {"userId": "USER", "amount": 1, "paymentMethod": "WECHAT_JSAPI", "fee": 0}),
    ],
)
def test_unknown_fields(shop: Shop, ann: Customer, path: str, body: dict[str, object]) -> None:
    # Given a request that is right but for one field too many
    order = ann.place()
    named = {"CARD": ann.card_id, "ORDER": order, "USER": ann.user_id}
    body = {field: named.get(str(value), value) for field, value in body.items()}
    who = new_staff(shop, Role.FINANCE) if path.endswith("/refunds") else ann

    # When / Then
    with nothing_written(shop):
        answer = who.post(path.replace("ORDER", order), body)
    assert_refused(answer, 400, "INVALID_REQUEST")


def test_a_refusal_names_the_field_and_not_its_value(shop: Shop, ann: Customer) -> None:
    answer = ann.post("/cards", {"number": ["6222021234567890"], "holder_name": "somebody"})
    assert_refused(answer, 400, "INVALID_REQUEST")
    assert "number" in answer.body["error"]["message"]
    assert "6222021234567890" not in json.dumps(answer.body)


def test_an_unknown_field_with_a_name_that_is_no_text(shop: Shop, ann: Customer) -> None:
    # Given a field name that JSON allows and UTF-8 does not
    answer = ann.send("/orders", '{"\\ud800":1}', Content_Type="application/json")

    # Then the refusal can be sent
    assert_refused(answer, 400, "INVALID_REQUEST")
    json.dumps(answer.body, ensure_ascii=False).encode()


@pytest.mark.parametrize("method", ["ALIPAY", "wechat_jsapi", "", 1, ["WECHAT_JSAPI"]])
def test_unknown_payment_methods(shop: Shop, ann: Customer, method: object) -> None:
    order = ann.place()
    with nothing_written(shop):
        assert_refused(ann.post(f"/orders/{order}/pay", {"method": method}), 400, "INVALID_REQUEST")


@pytest.mark.parametrize("card_id", ["", "short", "c" * 26, "C" * 27, "../../etc/passwd", 7])
def test_ids_that_are_none(shop: Shop, ann: Customer, card_id: object) -> None:
    with nothing_written(shop):
        answer = ann.post("/orders", {"card_id": card_id, "amount_fen": 100})
    assert_refused(answer, 400, "INVALID_REQUEST")


@pytest.mark.parametrize("order_id", ["x", "T" * 26, "T" * 64, "%00", "..", "'; DROP TABLE orders", "订单"])
def test_orders_that_do_not_exist(shop: Shop, ann: Customer, order_id: str) -> None:
    finance = new_staff(shop, Role.FINANCE)
    with nothing_written(shop):
        assert_refused(ann.get(f"/orders/{order_id}"), 404, "ORDER_NOT_FOUND")
        assert_refused(ann.post(f"/orders/{order_id}/cancel"), 404, "ORDER_NOT_FOUND")
        assert_refused(ann.pay(order_id), 404, "ORDER_NOT_FOUND")
        refund = {"amount_fen": 1, "reason": "x"}
        assert_refused(finance.post(f"/orders/{order_id}/refunds", refund), 404, "ORDER_NOT_FOUND")


@pytest.mark.parametrize("order_id", ["T" * 65, "T" * 5_000], ids=brief)
def test_ids_that_are_too_long(shop: Shop, ann: Customer, order_id: str) -> None:
    with nothing_written(shop):
        assert_refused(ann.get(f"/orders/{order_id}"), 400, "INVALID_REQUEST")


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=51", "limit=x", "limit=-1", "limit=1.5", f"userId={'U' * 65}"]
)
def test_listings_out_of_bounds(shop: Shop, ann: Customer, query: str) -> None:
    assert_refused(ann.get(f"/orders?{query}"), 400, "INVALID_REQUEST")


def test_an_order_without_a_phone(shop: Shop) -> None:
    # Given somebody who has not bound a phone
    person = log_in(shop)

    # When / Then a card cannot be bound
    with nothing_written(shop):
        answer = person.post("/cards", {"number": SINOPEC_CARD, "holder_name": "somebody"})
    assert_refused(answer, 409, "PHONE_REQUIRED")


def test_too_many_orders_within_the_hour(open_shop: Any) -> None:
    # Given a shop that takes two orders an hour from one person
    shop = open_shop(OCTANE_ORDERS_PER_HOUR="2")
    ann, bob = new_customer(shop), new_customer(shop)
    body = {"card_id": ann.card_id, "amount_fen": 100}
    for key in ("order-key-1", "order-key-2", "order-key-2"):
        assert ann.post("/orders", body, key).status == 201

    # When the third one comes
    with nothing_written(shop):
        answer = ann.post("/orders", body, "order-key-3")

    # Then it waits, a replay and other people do not
    assert_refused(answer, 429, "TOO_MANY_ORDERS")
    assert answer.headers["Retry-After"]
    assert ann.post("/orders", body, "order-key-1").status == 201
    assert bob.place()
    shop.clock.move(seconds=3_600)
    assert ann.post("/orders", body, "order-key-3").status == 201


def test_create_payment_wants_a_clear_card(shop: Shop, ann: Customer) -> None:
    # Given two cards, and none
    ann.bind("9012345678901234")
    nobody = log_in(shop)

    # When / Then
    with nothing_written(shop):
        assert_refused(create_raw(ann, "1"), 400, "CARD_UNCLEAR")
        assert_refused(create_raw(nobody, "1"), 400, "CARD_UNCLEAR")


def test_a_fault_of_ours_is_told_without_its_reason(
    shop: Shop, ann: Customer, monkeypatch: pytest.MonkeyPatch, log: Any
) -> None:
    # Given a function that breaks in a way nobody thought of
    log.crash_expected = True

    def broken(*_: object) -> None:
        raise RuntimeError("internal detail 4711")

    monkeypatch.setattr(shop.wiring.engine, "get", broken)

    # When
    answer = ann.get("/me")

    # Then
    assert_refused(answer, 500, "INTERNAL")
    assert "4711" not in json.dumps(answer.body)
    assert any("4711" in line for line in log.lines)


def test_a_login_with_a_code_that_wechat_does_not_know(shop: Shop) -> None:
    with nothing_written(shop, acts=1):
        answer = shop.post("/api/v1/sessions", {"provider": "WECHAT", "code": "nobody's"})
    assert_refused(answer, 401, "LOGIN_CODE_INVALID")


@pytest.mark.parametrize(
    "body",
    [
        {"provider": "UNIONPAY", "code": "code-x"},
        {"provider": "WECHAT", "code": ""},
        {"provider": "WECHAT", "code": "with space"},
        {"provider": "WECHAT", "code": "c" * 257},
        {"provider": "WECHAT"},
        {"code": "code-x"},
    ],
)
def test_logins_that_are_none(shop: Shop, body: dict[str, str]) -> None:
    with nothing_written(shop):
        assert_refused(shop.post("/api/v1/sessions", body), 400, "INVALID_REQUEST")


def test_a_login_while_wechat_is_down(shop: Shop) -> None:
    # Given
    shop.world.wechat.misbehave("code2session", "status", count=1, status=503)

    # When
    with nothing_written(shop):
        answer = shop.post("/api/v1/sessions", {"provider": "WECHAT", "code": "code-x"}, key="login-key-1")

    # Then it may be tried again
    assert_refused(answer, 503, "PROVIDER_UNAVAILABLE")
    again = shop.post("/api/v1/sessions", {"provider": "WECHAT", "code": "code-x"}, key="login-key-1")
    assert again.status == 201


def test_a_phone_code_that_wechat_does_not_know(shop: Shop, ann: Customer) -> None:
    with nothing_written(shop):
        answer = ann.post("/me/phone", {"code": "phone-123"})
    assert_refused(answer, 401, "LOGIN_CODE_INVALID")


@pytest.mark.parametrize("reason", ["", "x" * 65, "a\tb"])
def test_refund_reasons(shop: Shop, ann: Customer, reason: str) -> None:
    # Given a delivered top-up
    order = ann.topped_up()
    finance = new_staff(shop, Role.FINANCE)

    # When / Then
    with nothing_written(shop):
        answer = finance.post(f"/orders/{order}/refunds", {"amount_fen": 1, "reason": reason})
    assert_refused(answer, 400, "INVALID_REQUEST")


def test_nothing_personal_is_in_the_clear_in_an_order(shop: Shop, ann: Customer) -> None:
    # Given / When
    order = ann.topped_up()
    paths = (f"/orders/{order}", "/orders", "/cards", "/me")
    seen = json.dumps([ann.get(path).body for path in paths])

    # Then
    assert SINOPEC_CARD not in seen
    assert "13800138000" not in seen
    assert "100011*********4567" in seen
    assert "138****8000" in seen
    assert ann.openid not in seen
    stored = str([item for table in Table for item in shop.wiring.engine.items(table)])
    assert not [word for word in (SINOPEC_CARD, "13800138000", "张三") if word in stored]
