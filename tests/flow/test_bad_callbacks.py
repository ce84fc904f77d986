"""Callbacks that are not believed, cannot be read, or tell of what does not exist: nothing is booked."""

import json
from typing import Any

import pytest

from flow.books import assert_settled, brief, channel_refunds, nets, nothing_written
from flow.customers import Customer
from flow.notices import PAYMENTS, REFUNDS, Forger, hand_over, take
from world.inbox import Letter
from world.shop import Answer, Shop

UNKNOWN_ORDER = "T" + "A" * 25


def assert_failed(answer: Answer, status: int, code: str) -> None:
    """What the channel hears of a notice that was not accepted."""
    assert (answer.status, answer.body) == (status, {"code": "FAIL", "message": code})


@pytest.fixture
def started(ann: Customer) -> str:
    """The out_trade_no of a payment that waits."""
    return ann.start_paying(ann.place())


@pytest.fixture
def paid(shop: Shop, ann: Customer, started: str) -> Letter:
    """The true notice of a payment, not yet handled."""
    ann.pay_for(started)
    return take(shop)


def test_a_flipped_signature(shop: Shop, paid: Letter) -> None:
    # Given one changed character
    signature = paid.headers["Wechatpay-Signature"]
    flipped = ("B" if signature[0] == "A" else "A") + signature[1:]

    # When / Then
    with nothing_written(shop):
        answer = hand_over(shop, paid, Wechatpay_Signature=flipped)
    assert_failed(answer, 401, "NOTICE_SIGNATURE_INVALID")


@pytest.mark.parametrize("signature", ["", "x", "!!!", "QUFB", "A" * 344, "é"], ids=brief)
def test_signatures_that_are_none(shop: Shop, paid: Letter, signature: str) -> None:
    with nothing_written(shop):
        answer = hand_over(shop, paid, Wechatpay_Signature=signature)
    assert_failed(answer, 401, "NOTICE_SIGNATURE_INVALID")


def test_a_changed_body(shop: Shop, paid: Letter) -> None:
    paid.body = paid.body.replace(b"TRANSACTION", b"transaction")
    with nothing_written(shop):
        assert_failed(hand_over(shop, paid), 401, "NOTICE_SIGNATURE_INVALID")


@pytest.mark.parametrize("name", ["Serial", "Timestamp", "Nonce", "Signature"])
def test_a_missing_header(shop: Shop, paid: Letter, name: str) -> None:
    del paid.headers[f"Wechatpay-{name}"]
    with nothing_written(shop):
        assert_failed(hand_over(shop, paid), 401, "NOTICE_SIGNATURE_INVALID")


def test_an_unknown_serial(shop: Shop, paid: Letter) -> None:
    with nothing_written(shop):
        answer = hand_over(shop, paid, Wechatpay_Serial="5F" * 20)
    assert_failed(answer, 401, "NOTICE_SIGNATURE_INVALID")


def test_a_notice_signed_with_another_key(shop: Shop, ann: Customer, started: str) -> None:
    # Given
    shop.world.wechat.misbehave("payment_notice", "wrong_signature", count=1)
    shop.world.wechat.post("/time", factor=0)
    ann.pay_for(started)

    # When
    with nothing_written(shop):
        answer = shop.deliver()

    # Then it is refused, and the true one is believed when it comes
    assert_failed(answer, 401, "NOTICE_SIGNATURE_INVALID")
    assert shop.deliver().status == 200


def test_a_probe_of_the_channel(shop: Shop, ann: Customer, started: str) -> None:
    # Given a signature test of WeChat Pay
    shop.world.wechat.misbehave("payment_notice", "probe", count=1)
    ann.pay_for(started)

    # When / Then it is refused, as the channel wants to see
    with nothing_written(shop):
        assert_failed(shop.deliver(), 401, "NOTICE_SIGNATURE_INVALID")


@pytest.mark.parametrize("age_ms", [301_000, 86_400_000])
def test_an_old_timestamp(shop: Shop, ann: Customer, started: str, age_ms: int) -> None:
    # Given a true signature of long ago
    shop.world.wechat.misbehave("payment_notice", "stale", count=1, ms=age_ms)
    ann.pay_for(started)

    # When / Then
    with nothing_written(shop):
        assert_failed(shop.deliver(), 401, "NOTICE_STALE")


@pytest.mark.parametrize("timestamp", ["", "x", "-1", "1e9", "９９９", "9" * 20])
def test_timestamps_that_are_none(shop: Shop, paid: Letter, timestamp: str) -> None:
    with nothing_written(shop):
        answer = hand_over(shop, paid, Wechatpay_Timestamp=timestamp)
    assert_failed(answer, 401, "NOTICE_SIGNATURE_INVALID")


def test_a_replayed_nonce(shop: Shop, paid: Letter) -> None:
    # Given a notice that was accepted
    assert shop.answer(paid).status == 200

    # When the very same bytes come again
    with nothing_written(shop):
        answer = hand_over(shop, paid)

    # Then they are refused, and nothing is booked twice
    assert_failed(answer, 409, "NOTICE_REPLAYED")


@pytest.mark.parametrize(
    "changed",
    [
        {"mchid": "1900000000"},
        {"mchid": ""},
        {"appid": "wx0000000000000000"},
        {"trade_type": "MICROPAY"},
        {"sp_mchid": "1900000000", "sub_mchid": "1600000000"},
    ],
)
def test_another_merchants_notice(shop: Shop, started: str, forger: Forger, changed: dict[str, str]) -> None:
    with nothing_written(shop):
        answer = hand_over(shop, forger.payment(started, 10_000, **changed))
    assert_failed(answer, 403, "NOTICE_FOREIGN")


def test_another_sub_merchants_notice(shop: Shop, forger: Forger) -> None:
    # Given a service provider with one sub-merchant
    shop.secrets["WECHAT"] = shop.world.wechat.get("/keys?mode=partner")
    keys = shop.secrets["WECHAT"]
    names = {"sp_mchid": keys["mchid"], "sp_appid": keys["appid"], "sub_appid": keys["sub_appid"]}

    # When another one's notice comes
    with nothing_written(shop):
        letter = forger.payment(f"{UNKNOWN_ORDER}P01", 1, sub_mchid="1600000000", **names)
        answer = hand_over(shop, letter)

    # Then
    assert_failed(answer, 403, "NOTICE_FOREIGN")


def test_another_amount_is_booked_as_it_is_and_returned(shop: Shop, ann: Customer, started: str) -> None:
    # Given a customer from whom the channel took another amount than asked
    ann.pay_for(started, amount_fen=9_000)

    # When
    assert shop.deliver().status == 200
    shop.drain()
    shop.deliver()
    shop.drain()

    # Then the order does not take it for its payment
    assert ann.state(started[:26]) == "CLOSED"
    assert channel_refunds(shop) == [(started, 9_000, "SUCCESS")]
    assert nets(shop) == {}
    assert_settled(shop)


@pytest.mark.parametrize("total", [0, -1, 10_000.5, "10000", True, None])
def test_amounts_that_are_none(shop: Shop, started: str, forger: Forger, total: Any) -> None:
    with nothing_written(shop):
        answer = hand_over(shop, forger.payment(started, total))
    assert_failed(answer, 400, "NOTICE_UNREADABLE")


def test_another_currency(shop: Shop, started: str, forger: Forger) -> None:
    with nothing_written(shop):
        answer = hand_over(shop, forger.payment(started, 0, amount={"total": 10_000, "currency": "USD"}))
    assert_failed(answer, 400, "NOTICE_UNREADABLE")


@pytest.mark.parametrize(
    "number",
    [f"{UNKNOWN_ORDER}P01", f"{UNKNOWN_ORDER}F01", "P01", "somebody-elses-number", "x" * 32, "订" * 29],
)
def test_an_unknown_order(shop: Shop, forger: Forger, number: str) -> None:
    with nothing_written(shop):
        answer = hand_over(shop, forger.payment(number, 10_000))
    assert_failed(answer, 404, "ORDER_NOT_FOUND")


def test_an_unknown_attempt_of_a_known_order(shop: Shop, started: str, forger: Forger) -> None:
    with nothing_written(shop):
        answer = hand_over(shop, forger.payment(f"{started[:26]}P02", 10_000))
    assert_failed(answer, 404, "ORDER_NOT_FOUND")


@pytest.mark.parametrize(
    "resource",
    [
        {"ciphertext": "AAAA"},
        {"ciphertext": ""},
        {"ciphertext": "not base64!"},
        {"nonce": "another12345"},
        {"nonce": ""},
        {"associated_data": "refund"},
        {"algorithm": "NONE"},
    ],
)
def test_a_seal_that_does_not_open(
    shop: Shop, started: str, forger: Forger, resource: dict[str, str]
) -> None:
    # Given an envelope that is truly signed around a broken seal
    content = {"out_trade_no": started}
    letter = forger.letter(PAYMENTS, "TRANSACTION.SUCCESS", "transaction", content, **resource)

    # When / Then
    with nothing_written(shop):
        assert_failed(hand_over(shop, letter), 400, "NOTICE_UNREADABLE")


@pytest.mark.parametrize("content", [[], "text", 7, None, {}, {"trade_state": "SUCCESS"}])
def test_contents_that_are_no_payment(shop: Shop, forger: Forger, content: object) -> None:
    letter = forger.letter(PAYMENTS, "TRANSACTION.SUCCESS", "transaction", content)
    with nothing_written(shop):
        answer = hand_over(shop, letter)
    assert answer.status in {400, 403}
    assert answer.body["message"] in {"NOTICE_UNREADABLE", "NOTICE_FOREIGN"}


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null", b"not json", b"{" * 5_000], ids=brief)
def test_envelopes_that_are_none(shop: Shop, forger: Forger, body: bytes) -> None:
    with nothing_written(shop):
        answer = hand_over(shop, forger.signed(PAYMENTS, body))
    assert_failed(answer, 400, "NOTICE_UNREADABLE")


@pytest.mark.parametrize("state", ["NOTPAY", "CLOSED", "PAYERROR", "INVENTED"])
def test_a_notice_of_no_success(shop: Shop, started: str, forger: Forger, state: str) -> None:
    with nothing_written(shop):
        answer = hand_over(shop, forger.payment(started, 10_000, trade_state=state))
    assert_failed(answer, 400, "NOTICE_UNREADABLE")


def test_a_refund_notice_at_the_payments_address(shop: Shop, started: str, forger: Forger) -> None:
    letter = forger.refund(f"{started[:26]}F01", started, 10_000)
    letter.path = PAYMENTS
    with nothing_written(shop):
        assert_failed(hand_over(shop, letter), 400, "NOTICE_UNREADABLE")


def test_a_payment_notice_at_the_refunds_address(shop: Shop, paid: Letter) -> None:
    paid.path = REFUNDS
    with nothing_written(shop):
        assert_failed(hand_over(shop, paid), 400, "NOTICE_UNREADABLE")


@pytest.mark.parametrize("number", [f"{UNKNOWN_ORDER}F01", "F01", "x" * 29])
def test_an_unknown_refund(shop: Shop, forger: Forger, number: str) -> None:
    with nothing_written(shop):
        answer = hand_over(shop, forger.refund(number, f"{UNKNOWN_ORDER}P01", 1))
    assert_failed(answer, 404, "ORDER_NOT_FOUND")


def test_a_refund_that_nobody_asked_for(shop: Shop, ann: Customer, forger: Forger) -> None:
    order = ann.topped_up()
    with nothing_written(shop):
        answer = hand_over(shop, forger.refund(f"{order}F01", f"{order}P01", 10_000))
    assert_failed(answer, 404, "ORDER_NOT_FOUND")


def test_another_merchants_refund(shop: Shop, forger: Forger) -> None:
    letter = forger.refund(f"{UNKNOWN_ORDER}F01", f"{UNKNOWN_ORDER}P01", 1, mchid="1900000000")
    with nothing_written(shop):
        assert_failed(hand_over(shop, letter), 403, "NOTICE_FOREIGN")


@pytest.mark.parametrize("path", [PAYMENTS, REFUNDS])
def test_a_callback_that_is_too_large(shop: Shop, forger: Forger, path: str) -> None:
    with nothing_written(shop):
        answer = hand_over(shop, forger.signed(path, json.dumps({"x": "a" * 70_000}).encode()))
    assert_failed(answer, 400, "CALLBACK_INVALID")
