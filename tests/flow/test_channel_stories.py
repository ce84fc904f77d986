"""Each channel from the tap to the card and back: the same stories, told by WeChat Pay's QR code, Alipay's QR
code and UnionPay's app."""

import pytest

from flow.books import assert_refused, assert_settled, due, kinds, nets, nothing_written
from flow.customers import Customer
from flow.moves import finish, sweep_after
from flow.notices import hand_over, take
from flow.tills import ALIPAY, TILLS, UNIONPAY, Till, captured, given_back
from world.shop import Shop

MINUTES_15 = 900
AFTERWARDS = 6 * 60
"""Seconds after an order's end by which every channel has confirmed that nothing was taken."""


@pytest.fixture(params=TILLS, ids=lambda till: till.method.value)
def till(request: pytest.FixtureRequest) -> Till:
    chosen: Till = request.param
    return chosen


def start(ann: Customer, till: Till, amount: int = 10_000) -> str:
    """Place an order and start its payment; return the out_trade_no."""
    answer = ann.pay(ann.place(amount), till.method)
    assert answer.status == 200, answer
    return str(answer.body["payment"]["out_trade_no"])


def settle_refunds(shop: Shop) -> None:
    """Carry refunds to their end, whether the channel tells it or has to be asked."""
    shop.drain()
    while (letter := shop.inbox.next(0.3)) is not None:
        assert shop.answer(letter).status == 200
    shop.drain()
    for _ in range(10):
        if not due(shop):
            return
        sweep_after(shop, 60)
        while (letter := shop.inbox.next(0.05)) is not None:
            assert shop.answer(letter).status == 200
        shop.drain()


def test_paid_and_recharged(shop: Shop, ann: Customer, till: Till) -> None:
    # Given
    order = ann.place()
    view = ann.pay(order, till.method).body["payment"]
    assert (view["method"], view["amount_fen"], view["wallet_fen"]) == (till.method, 10_000, 0)
    assert view["parameters"][till.parameter]

    # When the customer pays, and the channel says so
    till.pay(shop, view["out_trade_no"])
    assert shop.deliver().status == 200
    finish(shop)

    # Then
    assert ann.events(order) == ["OrderPlaced", "PaymentStarted", "OrderPaid", "OrderSucceeded"]
    assert nets(shop) == {till.receivable: 10_000, "ISSUER_PAYABLE:SINOPEC": -10_000}
    assert captured(shop) == {view["out_trade_no"]: 10_000}
    assert_settled(shop)


def test_the_quick_call(shop: Shop, ann: Customer, till: Till) -> None:
    # Given
    body = {"userId": ann.user_id, "amount": 12.34, "paymentMethod": till.method}
    payment = ann.post("/payments/create", body).body["payment"]
    assert payment["parameters"][till.parameter]

    # When
    till.pay(shop, payment["out_trade_no"])
    assert shop.deliver().status == 200
    finish(shop)

    # Then
    assert captured(shop) == {payment["out_trade_no"]: 1_234}
    assert_settled(shop)


def test_the_issuer_refuses_and_all_goes_back_where_it_came_from(
    shop: Shop, ann: Customer, till: Till
) -> None:
    # Given
    shop.world.issuer.misbehave("submit", "refuse", count=1, code="208703")
    number = start(ann, till)
    till.pay(shop, number)
    shop.deliver()

    # When
    settle_refunds(shop)

    # Then
    view = ann.order(number[:26]).body
    assert (view["state"], view["captured_fen"], view["refunded_fen"]) == ("FAILED", 10_000, 10_000)
    assert [refund["status"] for refund in view["refunds"]] == ["SUCCEEDED"]
    assert given_back(shop) == [(till.channel, 10_000)]
    assert nets(shop) == {}
    assert_settled(shop)


def test_a_lost_payment_callback_is_found_by_query(shop: Shop, ann: Customer, till: Till) -> None:
    # Given
    till.misbehave(shop, "lose", "payment_notice")
    number = start(ann, till)
    till.pay(shop, number)

    # When
    sweep_after(shop, 60)

    # Then
    finish(shop)
    assert ann.order(number[:26]).body["timeline"][2]["because"].startswith("query:")
    assert nets(shop) == {till.receivable: 10_000, "ISSUER_PAYABLE:SINOPEC": -10_000}
    assert_settled(shop)


def test_a_notice_after_the_query_and_its_repetition_change_nothing(
    shop: Shop, ann: Customer, till: Till
) -> None:
    # Given a payment that a query found before its notice came
    number = start(ann, till)
    till.pay(shop, number)
    letter = take(shop)
    sweep_after(shop, 60)
    finish(shop)

    # When the notice comes, and comes again
    with nothing_written(shop):
        answers = [hand_over(shop, letter), hand_over(shop, letter), shop.answer(letter)]

    # Then it is acknowledged each time
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert kinds(shop) == ["payment_received", "recharge_succeeded"]
    assert_settled(shop)


def test_an_identical_notice_books_once(shop: Shop, ann: Customer, till: Till) -> None:
    # Given
    number = start(ann, till)
    till.pay(shop, number)
    letter = take(shop)

    # When the very same bytes come twice
    first = hand_over(shop, letter)
    with nothing_written(shop):
        second = shop.answer(letter)

    # Then: WeChat Pay never repeats its words, the others do, and must hear that it is well
    assert first.status == 200
    assert second.status == (409 if till.channel == "WECHAT" else 200)
    finish(shop)
    assert kinds(shop) == ["payment_received", "recharge_succeeded"]
    assert_settled(shop)


def test_never_paid_is_closed_when_the_channel_confirms(shop: Shop, ann: Customer, till: Till) -> None:
    # Given
    number = start(ann, till)

    # When its time is over
    sweep_after(shop, MINUTES_15)
    for _ in range(AFTERWARDS // 60):
        sweep_after(shop, 60)

    # Then
    view = ann.order(number[:26]).body
    assert (view["state"], view["reason"]) == ("CLOSED", "EXPIRED")
    assert kinds(shop) == []
    assert_settled(shop)


def test_paid_after_the_close_is_returned(shop: Shop, ann: Customer, till: Till) -> None:
    # Given an order that has ended
    number = start(ann, till)
    sweep_after(shop, MINUTES_15)
    for _ in range(AFTERWARDS // 60):
        sweep_after(shop, 60)
    assert ann.state(number[:26]) == "CLOSED"

    # When the money comes all the same
    till.pay(shop, number, late=True)
    assert shop.deliver().status == 200
    settle_refunds(shop)

    # Then
    view = ann.order(number[:26]).body
    assert (view["state"], view["captured_fen"]) == ("CLOSED", 0)
    assert [(r["reason"], r["status"]) for r in view["refunds"]] == [("LATE_PAYMENT", "SUCCEEDED")]
    assert given_back(shop) == [(till.channel, 10_000)]
    assert nets(shop) == {}
    assert_settled(shop)


@pytest.mark.parametrize("amount", [9_999, 10_001])
def test_one_fen_more_or_less_is_returned(shop: Shop, ann: Customer, till: Till, amount: int) -> None:
    # Given
    number = start(ann, till)
    till.pay(shop, number, amount_fen=amount)

    # When
    assert shop.deliver().status == 200
    settle_refunds(shop)

    # Then
    assert ann.order(number[:26]).body["reason"] == "AMOUNT_MISMATCH"
    assert given_back(shop) == [(till.channel, amount)]
    assert nets(shop) == {}
    assert_settled(shop)


def test_staff_refund_in_two_parts(shop: Shop, ann: Customer, operator: Customer, till: Till) -> None:
    # Given a delivered top-up
    number = start(ann, till)
    till.pay(shop, number)
    shop.deliver()
    finish(shop)
    order = number[:26]

    # When staff return a part and then the rest
    for amount in (4_000, 6_000):
        answer = operator.post(f"/orders/{order}/refunds", {"amount_fen": amount, "reason": "goodwill"})
        assert answer.status == 201, answer
        settle_refunds(shop)

    # Then, and a fen more is refused
    assert sorted(given_back(shop)) == [(till.channel, 4_000), (till.channel, 6_000)]
    assert ann.order(order).body["refunded_fen"] == 10_000
    more = operator.post(f"/orders/{order}/refunds", {"amount_fen": 1, "reason": "goodwill"})
    assert_refused(more, 409, "REFUND_EXCEEDS_CAPTURED")
    assert_settled(shop)


@pytest.mark.parametrize("till", [ALIPAY, UNIONPAY], ids=lambda till: till.channel.value)
def test_what_the_channel_cannot_close_is_not_cancelled(shop: Shop, ann: Customer, till: Till) -> None:
    # Given a code that can still be scanned, a tn that can still be paid
    number = start(ann, till)

    # When
    with nothing_written(shop):
        answer = ann.post(f"/orders/{number[:26]}/cancel")

    # Then the order waits, and a payment wins
    assert_refused(answer, 409, "CHANNEL_SILENT")
    till.pay(shop, number)
    shop.deliver()
    finish(shop)
    assert_settled(shop)


def test_a_scanned_alipay_trade_is_cancelled(shop: Shop, ann: Customer) -> None:
    # Given a customer who scanned the code and did not pay
    number = start(ann, ALIPAY)
    shop.world.alipay.post("/cashier/scan", out_trade_no=number)

    # When
    answer = ann.post(f"/orders/{number[:26]}/cancel")

    # Then the trade exists and is closed
    assert answer.body["state"] == "CLOSED"
    assert shop.world.alipay.get("/books")["trades"][0]["trade_status"] == "TRADE_CLOSED"
    assert_settled(shop)


def test_a_refused_card_at_unionpay_leaves_the_payment_open(shop: Shop, ann: Customer) -> None:
    # Given a first card without money
    number = start(ann, UNIONPAY)
    shop.world.unionpay.post("/cashier/fail", order_id=number, code="64")
    sweep_after(shop, 60)
    assert ann.state(number[:26]) == "PAYING"

    # When another one pays
    UNIONPAY.pay(shop, number)
    shop.deliver()
    finish(shop)

    # Then
    assert captured(shop) == {number: 10_000}
    assert_settled(shop)
