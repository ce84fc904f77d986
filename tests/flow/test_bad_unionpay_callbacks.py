"""What comes to UnionPay's addresses and is not believed, or not understood: no HTTP 200, and no booking."""

import json
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import pytest

from flow.books import assert_settled, brief, nothing_written
from flow.customers import Customer
from flow.moves import finish
from flow.notices import UNIONPAY, UNIONPAY_REFUNDS, UnionPayForger, hand_over, hand_over_in_base64, take
from flow.tills import UNIONPAY as TILL
from world.inbox import Letter
from world.shop import Answer, Shop

UNKNOWN_ORDER = "T" + "A" * 25


def assert_failed(answer: Answer, status: int, code: str) -> None:
    """What UnionPay hears of a notice that was not accepted: any status but 200, and it sends again."""
    assert (answer.status, answer.body) == (status, code)


@pytest.fixture
def started(ann: Customer) -> str:
    """The orderId of a payment that waits."""
    return str(ann.pay(ann.place(), TILL.method).body["payment"]["out_trade_no"])


@pytest.fixture
def paid(shop: Shop, started: str) -> Letter:
    """The true notice of a payment, not yet handled."""
    TILL.pay(shop, started)
    return take(shop)


@pytest.fixture
def sent_back(shop: Shop, ann: Customer, paid: Letter) -> Letter:
    """The true notice of a refund, not yet handled."""
    shop.world.issuer.misbehave("submit", "refuse", count=1, code="208703")
    assert shop.answer(paid).status == 200
    shop.drain()
    return take(shop)


def fields_of(letter: Letter) -> dict[str, str]:
    return dict(parse_qsl(letter.body.decode(), keep_blank_values=True))


def rewritten(letter: Letter, **changed: str) -> Letter:
    """The letter with other fields under the old signature."""
    return Letter(letter.path, letter.headers, urlencode({**fields_of(letter), **changed}).encode())


def test_the_true_notices_are_believed(shop: Shop, ann: Customer, started: str, sent_back: Letter) -> None:
    assert (sent_back.path, hand_over(shop, sent_back).status) == (UNIONPAY_REFUNDS, 200)
    assert ann.order(started[:26]).body["refunded_fen"] == 10_000
    assert_settled(shop)


def test_the_true_notice_in_base64_is_believed(shop: Shop, ann: Customer, paid: Letter) -> None:
    assert hand_over_in_base64(shop, paid).status == 200
    finish(shop)
    assert_settled(shop)


@pytest.mark.parametrize("signature", ["", "x", "!!!", "QUFB", "A" * 344, "é"], ids=brief)
def test_signatures_that_are_none(shop: Shop, paid: Letter, signature: str) -> None:
    with nothing_written(shop):
        answer = hand_over(shop, rewritten(paid, signature=signature))
    assert_failed(answer, 401, "NOTICE_SIGNATURE_INVALID")


def test_a_flipped_signature(shop: Shop, sent_back: Letter) -> None:
    signature = fields_of(sent_back)["signature"]
    flipped = ("B" if signature[0] == "A" else "A") + signature[1:]
    with nothing_written(shop):
        answer = hand_over(shop, rewritten(sent_back, signature=flipped))
    assert_failed(answer, 401, "NOTICE_SIGNATURE_INVALID")


@pytest.mark.parametrize(
    "changed",
    [
        {"txnAmt": "10001"},
        {"txnAmt": "9999"},
        {"orderId": f"{UNKNOWN_ORDER}P01"},
        {"merId": "777290000000000"},
        {"respCode": "01"},
        {"txnType": "04"},
        {"extra": "1"},
        {"version": "5.0.0"},
        {"signMethod": "11"},
    ],
    ids=brief,
)
def test_a_changed_field(shop: Shop, paid: Letter, changed: dict[str, str]) -> None:
    with nothing_written(shop):
        answer = hand_over(shop, rewritten(paid, **changed))
    assert_failed(answer, 401, "NOTICE_SIGNATURE_INVALID")


def test_another_key(shop: Shop, started: str) -> None:
    # Given
    TILL.misbehave(shop, "wrong_signature", "payment_notice", count=1)
    shop.world.unionpay.post("/time", factor=0)
    TILL.pay(shop, started)

    # When
    with nothing_written(shop):
        answer = shop.deliver()

    # Then it is refused, and the true one is believed when it comes
    assert_failed(answer, 401, "NOTICE_SIGNATURE_INVALID")
    assert shop.deliver().status == 200


@pytest.mark.parametrize("kind", ["intermediate", "none", "two", "half"])
def test_another_certificate(shop: Shop, started: str, unionpay: UnionPayForger, kind: str) -> None:
    # Given a signature that is right for a certificate that is not UnionPay's
    keys = unionpay.keys.unionpay
    certificates = {
        "intermediate": keys.intermediate_pem,
        "none": "",
        "two": keys.signer_pem + keys.intermediate_pem,
        "half": keys.signer_pem[:300],
    }
    letter = unionpay.payment(started, 10_000, signPubKeyCert=certificates[kind])

    # When / Then
    with nothing_written(shop):
        assert_failed(hand_over(shop, letter), 401, "NOTICE_SIGNATURE_INVALID")


def test_a_strangers_key_under_the_true_certificate(
    shop: Shop, started: str, unionpay: UnionPayForger
) -> None:
    fields = {n: v for n, v in fields_of(unionpay.payment(started, 10_000)).items() if n != "signature"}
    letter = unionpay.signed(UNIONPAY, fields, unionpay.keys.unionpay.stranger_private_key_pem)
    with nothing_written(shop):
        assert_failed(hand_over(shop, letter), 401, "NOTICE_SIGNATURE_INVALID")


@pytest.mark.parametrize(
    "changed",
    [{"merId": "777290000000000"}, {"merId": ""}, {"subMerId": "898310012345678"}, {"currencyCode": "840"}],
)
def test_another_merchant_or_currency(
    shop: Shop, started: str, unionpay: UnionPayForger, changed: dict[str, str]
) -> None:
    with nothing_written(shop):
        answer = hand_over(shop, unionpay.payment(started, 10_000, **changed))
    assert_failed(answer, 403, "NOTICE_FOREIGN")


@pytest.mark.parametrize("number", [f"{UNKNOWN_ORDER}P01", f"{UNKNOWN_ORDER}F01", "P01", "x" * 40, "订" * 29])
def test_an_unknown_order(shop: Shop, unionpay: UnionPayForger, number: str) -> None:
    with nothing_written(shop):
        answer = hand_over(shop, unionpay.payment(number, 10_000))
    assert_failed(answer, 404, "ORDER_NOT_FOUND")


@pytest.mark.parametrize("number", [f"{UNKNOWN_ORDER}F01", "F01", "x" * 29])
def test_an_unknown_refund(shop: Shop, unionpay: UnionPayForger, number: str) -> None:
    with nothing_written(shop):
        answer = hand_over(shop, unionpay.refund(number, f"{UNKNOWN_ORDER}P01", 1))
    assert_failed(answer, 404, "ORDER_NOT_FOUND")


@pytest.mark.parametrize("amount", ["0", "-1", "100.00", "1e4", "１００", "9" * 30, ""], ids=brief)
def test_amounts_that_are_none(shop: Shop, started: str, unionpay: UnionPayForger, amount: str) -> None:
    with nothing_written(shop):
        answer = hand_over(shop, unionpay.payment(started, 10_000, txnAmt=amount))
    assert_failed(answer, 400, "NOTICE_UNREADABLE")


def test_a_refund_of_another_amount_is_for_a_person(
    shop: Shop, started: str, sent_back: Letter, unionpay: UnionPayForger
) -> None:
    with nothing_written(shop):
        answer = hand_over(shop, unionpay.refund(f"{started[:26]}F01", started, 9_999))
    assert_failed(answer, 409, "REFUND_MISMATCH")


@pytest.mark.parametrize("more", [{"tn": "1"}, {"origRespCode": "00"}, {"queryId": ""}, {"traceNo": ""}])
def test_an_answer_to_a_call_of_ours_is_no_notice(
    shop: Shop, started: str, unionpay: UnionPayForger, more: dict[str, str]
) -> None:
    with nothing_written(shop):
        answer = hand_over(shop, unionpay.payment(started, 10_000, **more))
    assert_failed(answer, 400, "NOTICE_UNREADABLE")


@pytest.mark.parametrize("code", ["01", "03", "05", "42", "64"])
def test_a_payment_that_did_not_succeed_is_acknowledged_and_changes_nothing(
    shop: Shop, started: str, unionpay: UnionPayForger, code: str
) -> None:
    with nothing_written(shop):
        assert hand_over(shop, unionpay.payment(started, 10_000, respCode=code)).status == 200


def test_a_notice_at_the_other_address(shop: Shop, paid: Letter, unionpay: UnionPayForger) -> None:
    at_refunds = Letter(UNIONPAY_REFUNDS, paid.headers, paid.body)
    refund = unionpay.refund(f"{UNKNOWN_ORDER}F01", f"{UNKNOWN_ORDER}P01", 1)
    for letter in (at_refunds, Letter(UNIONPAY, refund.headers, refund.body)):
        with nothing_written(shop):
            assert_failed(hand_over(shop, letter), 403, "NOTICE_FOREIGN")


@pytest.mark.parametrize(
    "more", [b"&txnAmt=10000", b"&signature=x", b"&=x", b"&name", b"&bad=%G1", b"&m=%B5%E7"]
)
def test_a_name_twice_and_mixed_encodings(shop: Shop, paid: Letter, more: bytes) -> None:
    with nothing_written(shop):
        answer = hand_over(shop, Letter(UNIONPAY, paid.headers, paid.body + more))
    assert answer.status in {400, 401}


def test_another_charset(shop: Shop, started: str, unionpay: UnionPayForger) -> None:
    for letter in (
        unionpay.payment(started, 10_000, encoding="GBK"),
        Letter(
            UNIONPAY,
            {},
            urlencode(fields_of(unionpay.payment(started, 1)), encoding="gbk").encode() + b"&x=%B5",
        ),
    ):
        with nothing_written(shop):
            assert hand_over(shop, letter).status in {400, 401}


def test_escaped_twice_or_not_at_all(shop: Shop, paid: Letter) -> None:
    twice = quote(paid.body.decode(), safe="=&").encode()
    never = "&".join(f"{name}={value}" for name, value in fields_of(paid).items()).encode()
    for body in (twice, never):
        with nothing_written(shop):
            assert hand_over(shop, Letter(UNIONPAY, paid.headers, body)).status in {400, 401}


@pytest.mark.parametrize("path", [UNIONPAY, UNIONPAY_REFUNDS])
@pytest.mark.parametrize(
    "body", [b"", b"&", b"{}", b"a=1", b"\x00", b"a=" + b"x" * 70_000, b"&".join([b"a=1"] * 5_000)], ids=brief
)
def test_nonsense(shop: Shop, path: str, body: bytes) -> None:
    with nothing_written(shop):
        assert hand_over(shop, Letter(path, {}, body)).status in {400, 401}


def test_json_instead_of_a_form(shop: Shop, paid: Letter) -> None:
    as_json = json.dumps(fields_of(paid)).encode()
    with nothing_written(shop):
        answer = hand_over(shop, Letter(UNIONPAY, {"Content-Type": "application/json"}, as_json))
    assert answer.status in {400, 401}


@pytest.mark.parametrize("path", [UNIONPAY, UNIONPAY_REFUNDS])
@pytest.mark.parametrize("body", ["!!!", "A", "////", "\ud800"])
def test_base64_that_is_none(shop: Shop, path: str, body: str) -> None:
    with nothing_written(shop):
        assert hand_over_in_base64(shop, Letter(path, {}, b""), body).status in {400, 401}


def test_a_body_that_is_no_text(shop: Shop, paid: Letter) -> None:
    broken: Any = "\ud800" + paid.body.decode()
    with nothing_written(shop):
        answer = shop.call("POST", UNIONPAY, headers=paid.headers, raw=broken)
    assert_failed(answer, 400, "CALLBACK_INVALID")
