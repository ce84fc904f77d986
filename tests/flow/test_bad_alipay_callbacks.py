"""What comes to Alipay's address and is not believed, or not understood: `fail`, and nothing is booked."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from flow.books import assert_settled, brief, nothing_written
from flow.customers import Customer
from flow.moves import finish
from flow.notices import ALIPAY, AlipayForger, hand_over, hand_over_in_base64, take
from flow.tills import ALIPAY as TILL
from octane.api.doors import HEADERS
from world.inbox import Letter
from world.shop import Answer, Shop

UNKNOWN_ORDER = "T" + "A" * 25
TEXT = {**HEADERS, "Content-Type": "text/plain"}


def assert_failed(answer: Answer, status: int) -> None:
    """What Alipay hears of a notice that was not accepted: anything but `success`, and it sends again."""
    assert (answer.status, answer.body) == (status, "fail")
    assert answer.headers == TEXT


@pytest.fixture
def started(ann: Customer) -> str:
    """The out_trade_no of a payment that waits."""
    return str(ann.pay(ann.place(), TILL.method).body["payment"]["out_trade_no"])


@pytest.fixture
def paid(shop: Shop, started: str) -> Letter:
    """The true notice of a payment, not yet handled."""
    TILL.pay(shop, started)
    return take(shop)


def rewritten(letter: Letter, **changed: str) -> Letter:
    """The letter with other fields under the old signature."""
    fields = {**dict(parse_qsl(letter.body.decode())), **changed}
    return Letter(letter.path, letter.headers, urlencode(fields).encode())


def test_the_true_notice_is_believed(shop: Shop, ann: Customer, paid: Letter) -> None:
    answer = hand_over(shop, paid)
    assert (answer.status, answer.body, answer.headers) == (200, "success", TEXT)
    finish(shop)
    assert ann.state(str(dict(parse_qsl(paid.body.decode()))["out_trade_no"])[:26]) == "SUCCEEDED"
    assert_settled(shop)


def test_the_true_notice_in_base64_is_believed(shop: Shop, paid: Letter) -> None:
    assert hand_over_in_base64(shop, paid).body == "success"


def test_a_flipped_signature(shop: Shop, paid: Letter) -> None:
    signature = dict(parse_qsl(paid.body.decode()))["sign"]
    flipped = ("B" if signature[0] == "A" else "A") + signature[1:]
    with nothing_written(shop):
        assert_failed(hand_over(shop, rewritten(paid, sign=flipped)), 401)


@pytest.mark.parametrize("signature", ["", "x", "!!!", "QUFB", "A" * 344, "é"], ids=brief)
def test_signatures_that_are_none(shop: Shop, paid: Letter, signature: str) -> None:
    with nothing_written(shop):
        assert_failed(hand_over(shop, rewritten(paid, sign=signature)), 401)


@pytest.mark.parametrize(
    "changed",
    [
        {"total_amount": "100.01"},
        {"total_amount": "99.99"},
        {"out_trade_no": f"{UNKNOWN_ORDER}P01"},
        {"trade_status": "TRADE_FINISHED"},
        {"app_id": "2021000000000000"},
        {"sign_type": "RSA"},
        {"sign_type": ""},
        {"alipay_cert_sn": "0" * 32},
        {"extra": "1"},
    ],
    ids=brief,
)
def test_a_changed_field(shop: Shop, paid: Letter, changed: dict[str, str]) -> None:
    with nothing_written(shop):
        assert_failed(hand_over(shop, rewritten(paid, **changed)), 401)


def test_another_key(shop: Shop, started: str) -> None:
    # Given
    TILL.misbehave(shop, "wrong_signature", "payment_notice", count=1)
    shop.world.alipay.post("/time", factor=0)
    TILL.pay(shop, started)

    # When
    with nothing_written(shop):
        answer = shop.deliver()

    # Then it is refused, and the true one is believed when it comes
    assert_failed(answer, 401)
    assert shop.deliver().body == "success"


def test_our_own_key_is_not_alipays(shop: Shop, started: str, alipay: AlipayForger) -> None:
    fields = dict(parse_qsl(alipay.payment(started, "100.00").body.decode()))
    del fields["sign"], fields["sign_type"]
    with nothing_written(shop):
        forged = alipay.signed(fields, key_pem=alipay.keys.alipay.app_private_key_pem)
        assert_failed(hand_over(shop, forged), 401)


@pytest.mark.parametrize(
    "changed", [{"app_id": "2021000000000000"}, {"seller_id": "2088000000000000"}, {"app_id": ""}]
)
def test_another_application_or_seller(
    shop: Shop, started: str, alipay: AlipayForger, changed: dict[str, str]
) -> None:
    with nothing_written(shop):
        assert_failed(hand_over(shop, alipay.payment(started, "100.00", **changed)), 403)


@pytest.mark.parametrize(
    "number",
    [f"{UNKNOWN_ORDER}P01", f"{UNKNOWN_ORDER}F01", "P01", "somebody-elses-number", "x" * 64, "订" * 29],
)
def test_an_unknown_order(shop: Shop, alipay: AlipayForger, number: str) -> None:
    with nothing_written(shop):
        assert_failed(hand_over(shop, alipay.payment(number, "100.00")), 404)


def test_an_unknown_attempt_of_a_known_order(shop: Shop, started: str, alipay: AlipayForger) -> None:
    with nothing_written(shop):
        assert_failed(hand_over(shop, alipay.payment(f"{started[:26]}P02", "100.00")), 404)


@pytest.mark.parametrize(
    "amount", ["0.00", "-100.00", "100.001", "1e2", "100,00", "１００.00", "NaN", " 100.00", "9" * 30]
)
def test_amounts_that_are_none(shop: Shop, started: str, alipay: AlipayForger, amount: str) -> None:
    with nothing_written(shop):
        assert_failed(hand_over(shop, alipay.payment(started, amount)), 400)


@pytest.mark.parametrize("missing", ["trade_no", "gmt_payment", "notify_id", "total_amount", "out_trade_no"])
def test_something_is_missing(shop: Shop, started: str, alipay: AlipayForger, missing: str) -> None:
    with nothing_written(shop):
        answer = hand_over(shop, alipay.payment(started, "100.00", **{missing: ""}))
    assert_failed(answer, 400)


@pytest.mark.parametrize(
    "told",
    [
        {"trade_status": "WAIT_BUYER_PAY"},
        {"trade_status": "TRADE_CLOSED"},
        {"gmt_refund": "2026-11-22 12:00:00.000", "refund_fee": "1.00"},
        {"notify_type": "dut_user_sign"},
    ],
)
def test_a_notice_of_anything_else_is_acknowledged_and_changes_nothing(
    shop: Shop, started: str, alipay: AlipayForger, told: dict[str, str]
) -> None:
    with nothing_written(shop):
        assert hand_over(shop, alipay.payment(started, "100.00", **told)).body == "success"


@pytest.mark.parametrize(
    "more",
    [
        b"&total_amount=100.00",
        b"&sign=x",
        b"&out_trade_no=x",
        b"&=x",
        b"&name",
        b"&bad=%G1",
        b"&mixed=%B5%E7",
    ],
)
def test_a_name_twice_and_forms_that_can_be_read_two_ways(shop: Shop, paid: Letter, more: bytes) -> None:
    for body in (paid.body + more, more.removeprefix(b"&") + b"&" + paid.body):
        with nothing_written(shop):
            assert_failed(hand_over(shop, Letter(ALIPAY, paid.headers, body)), 400)


@pytest.mark.parametrize(("header", "told"), [("utf-8", "gbk"), ("gbk", "utf-8"), ("utf-7", "utf-8")])
def test_mixed_charsets(shop: Shop, started: str, alipay: AlipayForger, header: str, told: str) -> None:
    letter = alipay.payment(started, "100.00", charset=told)
    form = f"application/x-www-form-urlencoded; charset={header}"
    with nothing_written(shop):
        assert_failed(hand_over(shop, Letter(ALIPAY, {"Content-Type": form}, letter.body)), 400)


def test_a_notice_in_gbk_is_read_as_it_says(shop: Shop, started: str, alipay: AlipayForger) -> None:
    assert hand_over(shop, alipay.payment(started, "100.00", charset="gbk")).body == "success"


@pytest.mark.parametrize("media", ["application/json", "text/plain", "multipart/form-data; boundary=x", ""])
def test_json_or_anything_else_instead_of_a_form(shop: Shop, paid: Letter, media: str) -> None:
    as_json = json.dumps(dict(parse_qsl(paid.body.decode()))).encode()
    for body in (paid.body, as_json):
        with nothing_written(shop):
            assert_failed(hand_over(shop, Letter(ALIPAY, {"Content-Type": media}, body)), 400)


@pytest.mark.parametrize(
    "body", [b"", b"&", b"{}", b"a=1", b"\x00", b"a=" + b"x" * 70_000, b"&".join([b"a=1"] * 5_000)], ids=brief
)
def test_nonsense(shop: Shop, paid: Letter, body: bytes) -> None:
    with nothing_written(shop):
        answer = hand_over(shop, Letter(ALIPAY, paid.headers, body))
    assert answer.status in {400, 401}
    assert answer.body == "fail"


@pytest.mark.parametrize("body", ["!!!", "A", "////", "\ud800"])
def test_base64_that_is_none(shop: Shop, paid: Letter, body: str) -> None:
    with nothing_written(shop):
        answer = hand_over_in_base64(shop, paid, body)
    assert answer.status in {400, 401}
    assert answer.body == "fail"


def test_a_body_that_is_no_text(shop: Shop, paid: Letter) -> None:
    broken: Any = "\ud800" + paid.body.decode()
    with nothing_written(shop):
        answer = shop.call("POST", ALIPAY, headers=paid.headers, raw=broken)
    assert_failed(answer, 400)
