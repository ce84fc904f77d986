"""Amounts and card numbers that are none: each is refused with its own code and writes nothing."""

from typing import Any

import pytest

from flow.books import assert_refused, brief, nothing_written
from flow.customers import Customer, new_customer
from world.shop import SINOPEC_CARD, Shop

LIMIT_FEN = 5_000_000


def create_raw(ann: Customer, amount: str) -> Any:
    method = '"paymentMethod":"WECHAT_JSAPI"'
    return ann.send("/payments/create", f'{{"userId":"{ann.user_id}","amount":{amount},{method}}}')


def place_raw(ann: Customer, amount: str) -> Any:
    """Place an order whose amount is exactly these characters."""
    return ann.send("/orders", f'{{"card_id":"{ann.card_id}","amount_fen":{amount}}}')


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("0", "AMOUNT_INVALID"),
        ("-1", "AMOUNT_INVALID"),
        ("-10000", "AMOUNT_INVALID"),
        (str(LIMIT_FEN + 1), "AMOUNT_OVER_LIMIT"),
        ("1000000000", "AMOUNT_OVER_LIMIT"),
        ("1" + "0" * 30, "AMOUNT_INVALID"),
        ("1e9", "INVALID_REQUEST"),
        ("1E+2", "INVALID_REQUEST"),
        ('"100"', "INVALID_REQUEST"),
        ("100.001", "INVALID_REQUEST"),
        ("100.0", "INVALID_REQUEST"),
        ("true", "INVALID_REQUEST"),
        ("null", "INVALID_REQUEST"),
        ("[100]", "INVALID_REQUEST"),
        ("{}", "INVALID_REQUEST"),
        ("NaN", "BODY_INVALID"),
        ("Infinity", "BODY_INVALID"),
        ("-Infinity", "BODY_INVALID"),
        ("1" * 5_000, "BODY_INVALID"),
        ("1e99999999999999999999", "BODY_INVALID"),
        ("0x10", "BODY_INVALID"),
        ("", "BODY_INVALID"),
    ],
    ids=brief,
)
def test_amounts_in_fen(shop: Shop, ann: Customer, amount: str, code: str) -> None:
    with nothing_written(shop):
        assert_refused(place_raw(ann, amount), 400, code)


def test_the_limit_itself_is_allowed(shop: Shop, ann: Customer) -> None:
    assert place_raw(ann, str(LIMIT_FEN)).status == 201


def test_one_fen_is_allowed(shop: Shop, ann: Customer) -> None:
    assert place_raw(ann, "1").status == 201


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("0", "AMOUNT_INVALID"),
        ("0.00", "AMOUNT_INVALID"),
        ("-1", "AMOUNT_INVALID"),
        ("50000.01", "AMOUNT_OVER_LIMIT"),
        ("1e9", "AMOUNT_OVER_LIMIT"),
        ("1000000000", "AMOUNT_OVER_LIMIT"),
        ("1e400", "AMOUNT_INVALID"),
        ("1e-400", "AMOUNT_INVALID"),
        ("100.001", "AMOUNT_INVALID"),
        ("0.001", "AMOUNT_INVALID"),
        ('"100"', "INVALID_REQUEST"),
        ("true", "INVALID_REQUEST"),
        ("null", "PAYMENT_TARGET"),
        ("NaN", "BODY_INVALID"),
        ("Infinity", "BODY_INVALID"),
        ("1e99999999999999999999", "BODY_INVALID"),
    ],
)
def test_amounts_in_yuan(shop: Shop, ann: Customer, amount: str, code: str) -> None:
    with nothing_written(shop):
        assert_refused(create_raw(ann, amount), 400, code)


@pytest.mark.parametrize(
    ("amount", "fen"),
    [("19.99", 1_999), ("0.29", 29), ("1.1", 110), ("100", 10_000), ("2000.00", 200_000), ("1e2", 10_000)],
)
def test_yuan_are_read_exactly(shop: Shop, ann: Customer, amount: str, fen: int) -> None:
    answer = create_raw(ann, amount)
    assert (answer.status, answer.body["order"]["amount_fen"]) == (201, fen)


def test_an_amount_that_the_issuer_does_not_offer(open_shop: Any) -> None:
    # Given an issuer that sells whole yuan only
    shop = open_shop(OCTANE_ISSUER_STEP_FEN="100")
    ann = new_customer(shop)

    # When / Then
    with nothing_written(shop):
        assert_refused(place_raw(ann, "10001"), 400, "AMOUNT_NOT_OFFERED")
    assert place_raw(ann, "10000").status == 201


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (SINOPEC_CARD[:-1], "CARD_NUMBER_INVALID"),
        (SINOPEC_CARD + "1", "CARD_NUMBER_INVALID"),
        ("2000111100001234567", "CARD_NUMBER_INVALID"),
        ("901234567890123", "CARD_NUMBER_INVALID"),
        ("90123456789012345", "CARD_NUMBER_INVALID"),
        ("9112345678901234", "CARD_NUMBER_INVALID"),
        ("100011110000123456a", "CARD_NUMBER_INVALID"),
        (SINOPEC_CARD + "\n", "CARD_NUMBER_INVALID"),
        (" " + SINOPEC_CARD, "CARD_NUMBER_INVALID"),
        ("１０００１１１１００００１２３４５６７", "CARD_NUMBER_INVALID"),
        ("1000111100001234٥67", "CARD_NUMBER_INVALID"),
        ("", "CARD_NUMBER_INVALID"),
        ("1" * 33, "INVALID_REQUEST"),
        (1000111100001234567, "INVALID_REQUEST"),
        (None, "INVALID_REQUEST"),
    ],
)
def test_card_numbers(shop: Shop, ann: Customer, number: object, code: str) -> None:
    with nothing_written(shop):
        answer = ann.post("/cards", {"number": number, "holder_name": "somebody"})
    assert_refused(answer, 400, code)


@pytest.mark.parametrize("name", ["", "x" * 65, "a\nb", "<script>", "\x00", "\ud800"])
def test_holder_names(shop: Shop, ann: Customer, name: str) -> None:
    with nothing_written(shop):
        answer = ann.post("/cards", {"number": SINOPEC_CARD, "holder_name": name})
    assert_refused(answer, 400, "INVALID_REQUEST")
