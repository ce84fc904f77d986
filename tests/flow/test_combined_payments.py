"""A payment of two parts, the customer's balance and a channel: together or not at all (PY4)."""

import pytest

from flow.books import assert_refused, assert_settled, holds, kinds, nothing_written
from flow.customers import Customer
from flow.moves import finish, refunds_arrive, sweep_after
from flow.tills import TILLS, UNIONPAY, Till, captured, given_back
from octane.orders.states import Queue
from world.shop import Answer, Shop


@pytest.fixture
def ann(ann: Customer) -> Customer:
    """A customer with 80 yuan on the balance."""
    ann.top_up_wallet(8_000)
    return ann


def start(ann: Customer, wallet: int = 3_000, amount: int = 10_000, method: str = "WECHAT_JSAPI") -> str:
    """Start a combined payment; return the out_trade_no."""
    answer = ann.choose(ann.place(amount), method=method, wallet_fen=wallet)
    assert answer.status == 200, answer
    return str(answer.body["payment"]["out_trade_no"])


def refund(operator: Customer, order: str, amount: int) -> Answer:
    return operator.post(f"/orders/{order}/refunds", {"amount_fen": amount, "reason": "goodwill"})


@pytest.mark.parametrize("till", TILLS, ids=lambda till: till.channel.value)
def test_both_parts_pay_together(shop: Shop, ann: Customer, till: Till) -> None:
    # Given
    number = start(ann, method=till.method)
    assert ann.wallet() == (5_000, 3_000)

    # When the channel has taken its part
    till.pay(shop, number)
    assert shop.deliver().status == 200

    # Then the balance's part went with it
    assert ann.wallet() == (5_000, 0)
    finish(shop)
    assert ann.order(number[:26]).body["captured_fen"] == 10_000
    assert captured(shop)[number] == 7_000
    assert holds(shop) == ["POSTED"]
    assert_settled(shop)


def test_the_issuer_refuses_and_both_parts_return(shop: Shop, ann: Customer) -> None:
    # Given
    shop.world.issuer.misbehave("submit", "refuse", count=1, code="208703")
    number = start(ann)
    ann.pay_for(number)
    shop.deliver()

    # When
    refunds_arrive(shop)

    # Then
    view = ann.order(number[:26]).body
    assert (view["state"], view["captured_fen"], view["refunded_fen"]) == ("FAILED", 10_000, 10_000)
    assert given_back(shop) == [("WECHAT", 7_000)]
    assert ann.wallet() == (8_000, 0)
    assert_settled(shop)


def test_the_balances_part_returns_although_the_channel_waits(shop: Shop, ann: Customer) -> None:
    # Given a channel that takes its time
    shop.world.wechat.misbehave("refund", "stay")
    shop.world.issuer.misbehave("submit", "refuse", count=1, code="208703")
    number = start(ann)
    ann.pay_for(number)
    shop.deliver()

    # When
    shop.drain()

    # Then
    assert ann.wallet() == (8_000, 0)
    assert [r["status"] for r in ann.order(number[:26]).body["refunds"]] == ["PROCESSING", "SUCCEEDED"]
    shop.world.wechat.post("/refunds/end", out_refund_no=f"{number[:26]}F01", status="SUCCESS")
    assert shop.deliver().status == 200
    shop.drain()
    assert_settled(shop)


def test_a_lost_or_doubled_refund_message_returns_each_part_once(shop: Shop, ann: Customer) -> None:
    # Given a failed order whose refund message is lost
    shop.world.issuer.misbehave("submit", "refuse", count=1, code="208703")
    number = start(ann)
    ann.pay_for(number)
    shop.deliver()
    while not shop.wiring.lists.messages[Queue.REFUND]:
        assert shop._relay() or shop._work(Queue.RECHARGE)
    queue = shop.wiring.lists.messages[Queue.REFUND]
    message = queue.popleft()
    assert ann.wallet() == (5_000, 0)

    # When the sweep finds both parts, and the message comes later
    sweep_after(shop, 61)
    shop.deliver()
    shop.drain()
    queue.append(message)
    with nothing_written(shop):
        shop.drain()

    # Then
    assert ann.wallet() == (8_000, 0)
    assert given_back(shop) == [("WECHAT", 7_000)]
    assert kinds(shop).count("refund_succeeded") == 2
    assert_settled(shop)


def test_cancelled_gives_the_balances_part_back(shop: Shop, ann: Customer) -> None:
    number = start(ann)
    assert ann.post(f"/orders/{number[:26]}/cancel").body["state"] == "CLOSED"
    assert ann.wallet() == (8_000, 0)
    assert holds(shop) == ["VOIDED"]
    assert_settled(shop)


def test_expired_gives_the_balances_part_back(shop: Shop, ann: Customer) -> None:
    number = start(ann)
    sweep_after(shop, 900)
    assert ann.state(number[:26]) == "CLOSED"
    assert ann.wallet() == (8_000, 0)
    assert_settled(shop)


def test_an_unclosable_channel_keeps_the_part_until_it_confirms(shop: Shop, ann: Customer) -> None:
    # Given a tn that lives until its time is over
    number = start(ann, method="UNIONPAY_APP")
    assert_refused(ann.post(f"/orders/{number[:26]}/cancel"), 409, "CHANNEL_SILENT")
    assert ann.wallet() == (5_000, 3_000)

    # When
    for seconds in (900, 60, 60, 60, 60, 60, 60):
        sweep_after(shop, seconds)

    # Then
    assert ann.wallet() == (8_000, 0)
    assert_settled(shop)


def test_a_late_payment_goes_back_for_the_balance_has_its_part(shop: Shop, ann: Customer) -> None:
    # Given
    number = start(ann)
    sweep_after(shop, 900)

    # When
    ann.pay_for(number, late=True)
    shop.deliver()
    refunds_arrive(shop)

    # Then only the channel's part was taken, and only that returns
    assert given_back(shop) == [("WECHAT", 7_000)]
    assert ann.wallet() == (8_000, 0)
    assert_settled(shop)


def test_a_payment_after_the_attempt_ended_goes_back_while_the_order_is_open(
    shop: Shop, ann: Customer
) -> None:
    # Given an attempt that the channel closed by itself; the order waits for another
    number = start(ann)
    shop.close_trade(number)
    sweep_after(shop, 60)
    assert (ann.state(number[:26]), ann.wallet()) == ("PAYING", (8_000, 0))

    # When its money comes all the same
    ann.pay_for(number, late=True)
    shop.deliver()
    refunds_arrive(shop)

    # Then it is not enough for the order, which ends with it
    assert given_back(shop) == [("WECHAT", 7_000)]
    assert ann.wallet() == (8_000, 0)
    assert ann.order(number[:26]).body["reason"] == "LATE_PAYMENT"
    assert_settled(shop)


def test_another_amount_returns_all_of_it_and_the_part(shop: Shop, ann: Customer) -> None:
    number = start(ann)
    ann.pay_for(number, amount_fen=6_999)
    shop.deliver()
    refunds_arrive(shop)
    assert ann.order(number[:26]).body["reason"] == "AMOUNT_MISMATCH"
    assert given_back(shop) == [("WECHAT", 6_999)]
    assert ann.wallet() == (8_000, 0)
    assert_settled(shop)


def test_partial_refunds_empty_the_channels_part_first(shop: Shop, ann: Customer, operator: Customer) -> None:
    # Given 70 yuan from the channel and 30 from the balance
    number = start(ann)
    order = number[:26]
    ann.pay_for(number)
    shop.deliver()
    finish(shop)

    # When staff return 60, then 25
    assert refund(operator, order, 6_000).body["amount_fen"] == 6_000
    refunds_arrive(shop)
    assert (given_back(shop), ann.wallet()) == ([("WECHAT", 6_000)], (5_000, 0))
    refund(operator, order, 2_500)
    refunds_arrive(shop)

    # Then the second one is 10 from the channel and 15 to the balance
    assert given_back(shop) == [("WECHAT", 6_000), ("WECHAT", 1_000)]
    assert ann.wallet() == (6_500, 0)
    refund(operator, order, 1_500)
    shop.drain()
    assert ann.wallet() == (8_000, 0)
    assert ann.order(order).body["refunded_fen"] == 10_000
    assert_refused(refund(operator, order, 1), 409, "REFUND_EXCEEDS_CAPTURED")
    assert_settled(shop)


def test_a_refused_prepare_gives_the_part_back_and_another_way_takes_it(shop: Shop, ann: Customer) -> None:
    # Given
    shop.world.wechat.misbehave("prepay", "refuse", count=1, code="RULE_LIMIT")
    order = ann.place()
    refused = ann.choose(order, method="WECHAT_JSAPI", wallet_fen=3_000)
    assert_refused(refused, 422, "PAYMENT_REFUSED")
    assert ann.wallet() == (8_000, 0)

    # When
    answer = ann.choose(order, method="UNIONPAY_APP", wallet_fen=4_000)

    # Then
    assert ann.wallet() == (4_000, 4_000)
    UNIONPAY.pay(shop, answer.body["payment"]["out_trade_no"])
    shop.deliver()
    finish(shop)
    assert ann.wallet() == (4_000, 0)
    assert holds(shop) == ["VOIDED", "POSTED"]
    assert_settled(shop)


def test_another_part_closes_the_open_payment_first(shop: Shop, ann: Customer) -> None:
    # Given 30 yuan set aside
    number = start(ann)
    order = number[:26]

    # When the customer takes 50 instead
    answer = ann.choose(order, method="WECHAT_JSAPI", wallet_fen=5_000)

    # Then
    assert answer.body["payment"]["out_trade_no"] == f"{order}P02"
    assert (answer.body["payment"]["amount_fen"], ann.wallet()) == (5_000, (3_000, 5_000))
    ann.pay_for(f"{order}P02")
    shop.deliver()
    finish(shop)
    assert_settled(shop)


def test_what_is_set_aside_cannot_be_spent(shop: Shop, ann: Customer) -> None:
    # Given 70 of 80 yuan set aside
    start(ann, wallet=7_000)
    other = ann.place(2_000)

    # When / Then
    with nothing_written(shop):
        assert_refused(ann.pay(other, "WALLET_BALANCE"), 409, "INSUFFICIENT_BALANCE")
        assert_refused(
            ann.choose(other, method="WECHAT_JSAPI", wallet_fen=1_001), 409, "INSUFFICIENT_BALANCE"
        )
    assert ann.choose(other, method="WECHAT_JSAPI", wallet_fen=1_000).status == 200
    assert ann.wallet() == (0, 8_000)


@pytest.mark.parametrize("part", [-1, 10_000, 10_001, 10**20])
def test_parts_that_are_none(shop: Shop, ann: Customer, part: int) -> None:
    order = ann.place()
    with nothing_written(shop):
        answer = ann.choose(order, method="WECHAT_JSAPI", wallet_fen=part)
    assert_refused(answer, 400, "WALLET_PART")


def test_all_or_a_part_of_the_balance_are_two_choices(shop: Shop, ann: Customer) -> None:
    order = ann.place(5_000)
    with nothing_written(shop):
        assert_refused(ann.choose(order, method="WALLET_BALANCE", wallet_fen=1), 400, "WALLET_PART")


def test_the_key_belongs_to_its_part(shop: Shop, ann: Customer) -> None:
    order = ann.place()
    first = ann.choose(order, "the-one-key", method="WECHAT_JSAPI", wallet_fen=3_000)
    assert ann.choose(order, "the-one-key", method="WECHAT_JSAPI", wallet_fen=3_000).body == first.body
    other = ann.choose(order, "the-one-key", method="WECHAT_JSAPI", wallet_fen=3_001)
    assert_refused(other, 409, "IDEMPOTENCY_KEY_REUSED")
