"""Money on its way back through each channel: lost answers, lost notices, refusals; it goes back once."""

from typing import Any

import pytest

from flow.books import assert_refused, assert_settled, due, nets, nothing_written
from flow.customers import Customer
from flow.moves import finish, sqs, sweep_after
from flow.notices import hand_over, take
from flow.tills import ALIPAY, TILLS, UNIONPAY, WECHAT, Till, captured, given_back
from octane.channels.port import PaymentRequest
from octane.store.engine import AnswerLost
from world.shop import Shop, context


@pytest.fixture(params=TILLS, ids=lambda till: till.channel.value)
def till(request: pytest.FixtureRequest) -> Till:
    chosen: Till = request.param
    return chosen


def owed(shop: Shop, ann: Customer, till: Till, **more: object) -> str:
    """A paid order that the issuer has refused, its refund not yet sent; return its id."""
    shop.world.issuer.misbehave("submit", "refuse", count=1, code="208703")
    number = str(ann.choose(ann.place(), method=till.method, **more).body["payment"]["out_trade_no"])
    till.pay(shop, number)
    assert shop.deliver().status == 200
    while ann.state(number[:26]) != "FAILED":
        assert shop._relay() or any(shop._work(queue) for queue in shop.wiring.lists.messages)
    return number[:26]


def to_the_end(shop: Shop) -> None:
    """Let messages, notices and the schedule do their work until nothing is due."""
    for _ in range(12):
        shop.drain()
        while (letter := shop.inbox.next(0.1)) is not None:
            assert shop.answer(letter).status == 200
        if not due(shop):
            return
        sweep_after(shop, 60)


def statuses(ann: Customer, order: str) -> list[str]:
    return [refund["status"] for refund in ann.order(order).body["refunds"]]


def test_a_lost_answer_is_followed_up_under_the_same_number(shop: Shop, ann: Customer, till: Till) -> None:
    # Given a refund that took effect and whose answer is lost
    order = owed(shop, ann, till)
    till.misbehave(shop, "drop_after", "*", count=1)

    # When
    to_the_end(shop)

    # Then it went back once
    assert given_back(shop) == [(till.channel, 10_000)]
    assert statuses(ann, order) == ["SUCCEEDED"]
    assert nets(shop) == {}
    assert_settled(shop)


def test_a_call_that_never_arrived_is_sent_again(shop: Shop, ann: Customer, till: Till) -> None:
    owed(shop, ann, till)
    till.misbehave(shop, "drop_before", "*", count=1)
    to_the_end(shop)
    assert given_back(shop) == [(till.channel, 10_000)]
    assert_settled(shop)


def test_a_refusal_is_not_the_end_of_what_is_owed(shop: Shop, ann: Customer, till: Till) -> None:
    # Given a channel that says no twice, perhaps because our account there is empty
    order = owed(shop, ann, till)
    code = {"WECHAT": "NOT_ENOUGH", "ALIPAY": "ACQ.SELLER_BALANCE_NOT_ENOUGH", "UNIONPAY": "02"}
    till.misbehave(shop, "refuse", "*", count=2, code=code[till.channel], status=403)

    # When
    to_the_end(shop)

    # Then
    assert statuses(ann, order) == ["SUCCEEDED"]
    assert given_back(shop) == [(till.channel, 10_000)]
    assert_settled(shop)


def test_a_lost_notice_is_replaced_by_a_query(shop: Shop, ann: Customer, till: Till) -> None:
    order = owed(shop, ann, till)
    till.misbehave(shop, "lose", "refund_notice")
    to_the_end(shop)
    assert statuses(ann, order) == ["SUCCEEDED"]
    assert_settled(shop)


def test_a_doubled_message_sends_one_refund(shop: Shop, ann: Customer, till: Till) -> None:
    order = owed(shop, ann, till)
    for _ in range(3):
        shop.function("orders/refund_payment")(sqs({"order_id": order, "refund_no": 1}), context())
    to_the_end(shop)
    assert given_back(shop) == [(till.channel, 10_000)]
    assert_settled(shop)


@pytest.mark.parametrize("teller", [WECHAT, UNIONPAY], ids=lambda till: till.channel.value)
def test_a_repeated_notice_changes_nothing(shop: Shop, ann: Customer, teller: Till) -> None:
    # Given
    owed(shop, ann, teller)
    shop.drain()
    letter = take(shop)
    assert hand_over(shop, letter).status == 200

    # When / Then
    with nothing_written(shop):
        assert shop.answer(letter).status == 200
    assert_settled(shop)


@pytest.mark.parametrize("teller", [WECHAT, UNIONPAY], ids=lambda till: till.channel.value)
def test_what_the_channel_cannot_pay_waits_for_a_person(shop: Shop, ann: Customer, teller: Till) -> None:
    # Given a refund that is accepted and fails
    order = owed(shop, ann, teller)
    teller.misbehave(shop, "fail", "*", count=1)

    # When
    to_the_end(shop)

    # Then it is stuck, still owed, and an alarm was counted
    assert statuses(ann, order) == ["STUCK"]
    assert shop.signals.named("RefundStuck")
    assert nets(shop)["REFUND_PAYABLE"] == -10_000
    assert given_back(shop) == []


def test_alipay_forgets_a_failed_refund_and_takes_it_again(shop: Shop, ann: Customer) -> None:
    order = owed(shop, ann, ALIPAY)
    ALIPAY.misbehave(shop, "fail", "refund", count=1)
    to_the_end(shop)
    assert statuses(ann, order) == ["SUCCEEDED"]
    assert given_back(shop) == [("ALIPAY", 10_000)]
    assert_settled(shop)


def test_a_refused_part_of_the_channel_does_not_hold_the_balances(
    shop: Shop, ann: Customer, till: Till
) -> None:
    # Given a combined payment that is owed back, and a channel that refuses for now
    ann.top_up_wallet(3_000)
    order = owed(shop, ann, till, wallet_fen=3_000)
    till.misbehave(shop, "status", "*", status=500, count=2)

    # When the message is handled
    shop.drain()

    # Then the balance is whole, and the rest follows
    assert ann.wallet() == (3_000, 0)
    assert statuses(ann, order)[1] == "SUCCEEDED"
    to_the_end(shop)
    assert given_back(shop) == [(till.channel, 7_000)]
    assert_settled(shop)


def test_the_notice_comes_before_the_prepares_answer(
    shop: Shop, ann: Customer, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a customer who is faster than the channel's answer to us, and pays in two parts
    ann.top_up_wallet(3_000)
    order = ann.place()
    client = shop.wiring.channel_of(till.channel)
    prepare = client.prepare

    def slow(request: PaymentRequest) -> Any:
        answer = prepare(request)
        till.pay(shop, request.trade.out_trade_no)
        assert shop.deliver().status == 200
        return answer

    monkeypatch.setattr(client, "prepare", slow)

    # When
    answer = ann.choose(order, method=till.method, wallet_fen=3_000)

    # Then
    assert_refused(answer, 409, "ORDER_STATE")
    finish(shop)
    assert ann.wallet() == (0, 0)
    assert captured(shop)[f"{order}P01"] == 7_000
    assert_settled(shop)


def test_a_balance_payment_whose_commit_is_not_confirmed_is_settled_by_the_same_request(
    shop: Shop, ann: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a table that writes and does not say so
    ann.top_up_wallet(5_000)
    order = ann.place(5_000)
    transact = shop.wiring.engine.transact

    def unheard(writes: Any, token: str) -> None:
        transact(writes, token)
        raise AnswerLost

    with monkeypatch.context() as patch:
        patch.setattr(shop.wiring.engine, "transact", unheard)
        assert_refused(ann.pay(order, "WALLET_BALANCE", "pay-key-1"), 503, "OUTCOME_UNKNOWN")

    # When
    again = ann.pay(order, "WALLET_BALANCE", "pay-key-1")

    # Then it is spent once
    assert again.body["order"]["state"] == "RECHARGING"
    finish(shop)
    assert ann.wallet() == (0, 0)
    assert_settled(shop)


def test_a_second_payment_of_a_top_up_goes_back_and_fills_nothing(shop: Shop, ann: Customer) -> None:
    # Given a top-up that was paid on its second attempt
    order = ann.post("/wallet/top-ups", {"amount_fen": 500}).body["order_id"]
    ann.start_paying(order)
    number = str(ann.pay(order, ALIPAY.method).body["payment"]["out_trade_no"])
    ALIPAY.pay(shop, number)
    shop.deliver()
    shop.drain()
    assert ann.wallet() == (500, 0)

    # When the first one is paid too
    WECHAT.pay(shop, f"{order}P01", late=True)
    to_the_end(shop)

    # Then
    assert ann.wallet() == (500, 0)
    assert given_back(shop) == [("WECHAT", 500)]
    assert_settled(shop)
