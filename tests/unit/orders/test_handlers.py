"""The functions of orders and bill orders, called as API Gateway calls them."""

import importlib
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from unit.orders.house import ACCOUNT, CARD, ONE, PLAN, TWO, House

from octane import wiring
from octane.billers.names import Biller
from octane.orders.recharge import start_recharge
from octane.orders.states import OrderState

CONTEXT = SimpleNamespace(
    aws_request_id="lambda-request",
    function_name="test",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:r:1:function:test",
    get_remaining_time_in_millis=lambda: 10_000,
)
BILLS = [{"bill_no": "B1", "amount_fen": 6_000}, {"bill_no": "B2", "amount_fen": 4_000}]


@pytest.fixture
def house() -> Iterator[House]:
    house = House()
    wiring.use(house)  # type: ignore[arg-type]
    yield house
    wiring.use(None)


def event(house: House, method: str, resource: str, body: str | None, key: str, **parameters: str) -> Any:
    headers = {"Content-Type": "application/json", "Idempotency-Key": key, "Sign": "good"}
    authorizer = {name: value or "" for name, value in house.ann._asdict().items()} | {"role": "customer"}
    path = resource.format(**parameters)
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": parameters or None,
        "stageVariables": None,
        "body": body,
        "isBase64Encoded": False,
        "requestContext": {
            "requestId": "r1",
            "path": path,
            "stage": "local",
            "identity": {"sourceIp": "203.0.113.9"},
            "authorizer": authorizer,
        },
    }


def call(
    house: House, function: str, resource: str, body: object = None, *, key: str = "key-0001", **words: str
) -> tuple[int, Any]:
    """Status and body; of a refusal its code."""
    text = None if body is None else json.dumps(body)
    asked = event(house, "GET" if body is None else "POST", f"/api/v1{resource}", text, key, **words)
    answer = importlib.import_module(function).handler(asked, CONTEXT)
    found = json.loads(answer["body"])
    return answer["statusCode"], found["error"]["code"] if "error" in found else found


def order_bills(house: House, **changes: object) -> tuple[int, Any]:
    body = {"bill_account_id": ACCOUNT, "bills": BILLS, **changes}
    return call(house, "bills.place_bill_order", "/bill-orders", body)


def pay_at_once(house: House, **changes: object) -> tuple[int, Any]:
    body = {"userId": house.ann.user_id, "paymentMethod": "WECHAT_JSAPI", **changes}
    return call(house, "orders.create_payment", "/payments/create", body)


def test_bills_are_ordered_and_shown(house: House) -> None:
    house.gets_coupon()
    status, order = order_bills(house, coupon_ids=[ONE])
    assert status == 201
    assert (order["kind"], order["biller"], order["account_masked"]) == ("BILL", "ELECTRICITY", "****5678")
    assert (order["bills"], order["coupons"]) == (BILLS, [ONE])
    assert (order["amount_fen"], order["discount_fen"], order["payable_fen"]) == (10_000, 500, 9_500)
    assert (order["card_id"], order["issuer"], order["plan_id"]) == (None, None, None)
    path = {"order_id": order["order_id"]}
    assert call(house, "orders.get_order", "/orders/{order_id}", **path)[1]["bills"] == BILLS


def test_instalments_are_ordered(house: House) -> None:
    house.has_plan()
    status, order = order_bills(house, bills=[], plan_id=PLAN, instalments=2)
    assert (status, order["amount_fen"], order["plan_id"], order["instalments"]) == (201, 8_000, PLAN, 2)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"bills": []}, "BILLS_INVALID"),
        ({"bills": [*BILLS, BILLS[0]]}, "BILLS_INVALID"),
        ({"bills": [{"bill_no": "B 1", "amount_fen": 1}]}, "INVALID_REQUEST"),
        ({"bills": [{"bill_no": "B1", "amount_fen": 1.5}]}, "INVALID_REQUEST"),
        ({"bills": [{"bill_no": "B1", "amount_fen": 0}]}, "AMOUNT_INVALID"),
        ({"bills": [{"bill_no": f"B{no}", "amount_fen": 1} for no in range(21)]}, "INVALID_REQUEST"),
        ({"coupon_ids": [ONE, TWO, ONE]}, "COUPON_NOT_APPLICABLE"),
        ({"coupon_ids": [ONE]}, "COUPON_NOT_FOUND"),
        ({"account_no": "2026000012345678"}, "INVALID_REQUEST"),
        ({"bill_account_id": "L" + "B" * 25}, "BILL_ACCOUNT_NOT_FOUND"),
        ({"instalments": 1}, "BILLS_INVALID"),
    ],
)
def test_bad_bill_orders(house: House, changes: dict[str, object], code: str) -> None:
    assert order_bills(house, **changes)[1] == code


def test_a_card_order_with_coupon_and_station(house: House) -> None:
    house.gets_coupon()
    house.opens_station()
    body = {"card_id": CARD, "amount_fen": 10_000, "coupon_ids": [ONE], "station_id": "S-1"}
    status, order = call(house, "orders.place_order", "/orders", body)
    assert (status, order["payable_fen"], order["bills"]) == (201, 9_500, [])
    assert house.order(order["order_id"]).sub_merchant == "1900000109"


def test_one_tap_pays_several_bills(house: House) -> None:
    house.gets_coupon()
    wish = {"billAccountId": ACCOUNT, "bills": BILLS, "couponIds": [ONE]}
    status, started = pay_at_once(house, **wish)
    assert (status, started["payment"]["amount_fen"]) == (201, 9_500)
    assert house.till.asked[0].description == "生活缴费"
    again = pay_at_once(house, **wish)[1]
    assert again["order"]["order_id"] == started["order"]["order_id"]
    assert len(house.till.asked) == 1


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({}, "PAYMENT_TARGET"),
        ({"amount": 100, "billAccountId": ACCOUNT, "bills": BILLS}, "PAYMENT_TARGET"),
        ({"cardId": CARD, "billAccountId": ACCOUNT, "bills": BILLS}, "PAYMENT_TARGET"),
        ({"billAccountId": ACCOUNT}, "BILLS_INVALID"),
        ({"bills": BILLS}, "BILL_ACCOUNT_NOT_FOUND"),
    ],
)
def test_what_is_paid_at_once_is_one_thing(house: House, wish: dict[str, object], code: str) -> None:
    assert pay_at_once(house, **wish)[1] == code


def test_one_key_of_one_call_is_one_thing(house: House) -> None:
    assert pay_at_once(house, amount=100, cardId=CARD)[0] == 201
    assert pay_at_once(house, billAccountId=ACCOUNT, bills=BILLS)[1] == "IDEMPOTENCY_KEY_REUSED"
    assert order_bills(house)[0] == 201


def test_a_receipt_of_what_was_delivered_only(house: House) -> None:
    # Given
    house.gets_coupon()
    house.fill_wallet(1_000)
    order_id = order_bills(house, coupon_ids=[ONE])[1]["order_id"]
    house.start(order_id, part=1_000)
    house.pay(order_id, 8_500)
    receipt, path = "/orders/{order_id}/receipt", {"order_id": order_id}
    assert call(house, "orders.get_receipt", receipt, **path) == (409, "ORDER_STATE")

    # When
    start_recharge(house, order_id)  # type: ignore[arg-type]
    status, found = call(house, "orders.get_receipt", receipt, **path)

    # Then
    assert status == 200
    assert (found["receipt_no"], found["reference"]) == (f"{order_id}R01", "S1")
    assert (found["delivered_by"], found["target_masked"]) == ("ELECTRICITY", "****5678")
    assert found["bills"] == BILLS
    assert (found["amount_fen"], found["discount_fen"], found["paid_fen"]) == (10_000, 500, 9_500)
    assert found["parts"] == [
        {"method": "WECHAT_JSAPI", "amount_fen": 8_500},
        {"method": "WALLET_BALANCE", "amount_fen": 1_000},
    ]
    house.ann = house.ann._replace(user_id="U" + "B" * 25)
    assert call(house, "orders.get_receipt", receipt, **path) == (404, "ORDER_NOT_FOUND")


@pytest.mark.parametrize(
    ("sender", "sign", "status"),
    [("electricity", "good", 200), ("water", "good", 404), ("nobody", "good", 404), ("gas", "bad", 401)],
)
def test_a_billers_callback(house: House, sender: str, sign: str, status: int) -> None:
    # Given
    order_id = house.place_and_pay_bills()
    start = importlib.import_module("callbacks.biller_notice").handler
    path = "/api/v1/callbacks/billers/{biller}"
    asked = event(house, "POST", path, f"{order_id}R01", "key-0001", biller=sender)
    asked["headers"]["Sign"] = sign

    # When
    answer = start(asked, CONTEXT)

    # Then
    assert answer["statusCode"] == status
    assert (answer["body"] == "success") is (status == 200)
    delivered = house.order(order_id).state is OrderState.SUCCEEDED
    assert delivered is (status == 200)
    assert house.billers[Biller.ELECTRICITY].queried == [(f"{order_id}R01", 10_000, "****5678")] * delivered
