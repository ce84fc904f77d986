"""The customer's balance: filled, spent alone or beside a channel, and never below nothing (PY4)."""

from typing import Any

import pytest

from flow.books import assert_refused, assert_settled, holds, kinds, nets, nothing_written, wallets
from flow.customers import Customer, new_customer
from flow.moves import finish, sweep_after
from flow.tills import TILLS, Till, captured
from octane.orders.states import Queue
from world.shop import Answer, Shop


@pytest.fixture
def rich(ann: Customer) -> Customer:
    """A customer with 80 yuan on the balance."""
    ann.top_up_wallet(8_000)
    return ann


def pay_from_balance(person: Customer, order: str, key: str | None = None) -> Answer:
    return person.pay(order, "WALLET_BALANCE", key)


def test_a_top_up_fills_the_balance(shop: Shop, ann: Customer) -> None:
    # Given
    assert ann.wallet() == (0, 0)

    # When
    order = ann.top_up_wallet(8_000)

    # Then
    assert ann.wallet() == (8_000, 0)
    assert ann.events(order) == ["OrderPlaced", "PaymentStarted", "OrderPaid", "OrderSucceeded"]
    assert nets(shop) == {"CHANNEL_RECEIVABLE:WECHAT": 8_000, f"WALLET:{ann.user_id}": -8_000}
    assert_settled(shop)


@pytest.mark.parametrize("till", TILLS, ids=lambda till: till.channel.value)
def test_a_top_up_through_each_channel(shop: Shop, ann: Customer, till: Till) -> None:
    order = ann.post("/wallet/top-ups", {"amount_fen": 500}).body["order_id"]
    number = ann.pay(order, till.method).body["payment"]["out_trade_no"]
    till.pay(shop, number)
    shop.deliver()
    shop.drain()
    assert ann.wallet() == (500, 0)
    assert_settled(shop)


def test_a_repeated_top_up_order_is_one(shop: Shop, ann: Customer) -> None:
    # Given
    first = ann.post("/wallet/top-ups", {"amount_fen": 500}, key="top-up-1")

    # When the same key comes again, and with another amount
    again = ann.post("/wallet/top-ups", {"amount_fen": 500}, key="top-up-1")
    other = ann.post("/wallet/top-ups", {"amount_fen": 501}, key="top-up-1")

    # Then
    assert again.body == first.body
    assert_refused(other, 409, "IDEMPOTENCY_KEY_REUSED")


def test_the_message_of_a_top_up_that_is_lost_or_doubled_credits_once(shop: Shop, ann: Customer) -> None:
    # Given a paid top-up whose message to the worker is lost
    order = ann.post("/wallet/top-ups", {"amount_fen": 500}).body["order_id"]
    ann.pay_for(ann.start_paying(order))
    shop.deliver()
    shop._relay()
    queue = shop.wiring.lists.messages[Queue.RECHARGE]
    message = queue.popleft()

    # When the sweep finds it, and the message comes after all, twice
    sweep_after(shop, 60)
    assert ann.wallet() == (500, 0)
    for _ in range(2):
        queue.append(message)
        with nothing_written(shop):
            shop.drain()

    # Then
    assert kinds(shop) == ["payment_received", "wallet_credited"]
    assert_settled(shop)


@pytest.mark.parametrize("amount", [0, -1, 5_000_001, 1.5, "500", True, None, 10**30])
def test_top_ups_that_are_none(shop: Shop, ann: Customer, amount: object) -> None:
    with nothing_written(shop):
        answer = ann.post("/wallet/top-ups", {"amount_fen": amount})
    assert answer.status == 400


def test_the_balance_pays_for_a_card(shop: Shop, rich: Customer) -> None:
    # Given
    order = rich.place(5_000)

    # When
    answer = pay_from_balance(rich, order, "wallet-key")

    # Then it is paid at once, and a replay says the same
    assert answer.body["order"]["state"] == "RECHARGING"
    assert answer.body["payment"]["parameters"] == {}
    assert (answer.body["payment"]["amount_fen"], answer.body["payment"]["wallet_fen"]) == (0, 5_000)
    with nothing_written(shop):
        assert pay_from_balance(rich, order, "wallet-key").body["payment"] == answer.body["payment"]
        assert_refused(pay_from_balance(rich, order), 409, "ORDER_STATE")
    finish(shop)
    assert rich.wallet() == (3_000, 0)
    assert rich.state(order) == "SUCCEEDED"
    assert_settled(shop)


def test_the_issuer_refuses_and_the_balance_is_whole_again(shop: Shop, rich: Customer) -> None:
    # Given
    shop.world.issuer.misbehave("submit", "refuse", count=1, code="208703")
    order = rich.place(5_000)
    pay_from_balance(rich, order)

    # When
    shop.drain()

    # Then
    assert rich.wallet() == (8_000, 0)
    assert rich.order(order).body["refunded_fen"] == 5_000
    assert len(captured(shop)) == 1
    assert_settled(shop)


def test_too_little_is_refused_and_the_order_can_be_paid_otherwise(shop: Shop, rich: Customer) -> None:
    # Given
    order = rich.place(8_001)

    # When
    with nothing_written(shop):
        answer = pay_from_balance(rich, order)

    # Then
    assert_refused(answer, 409, "INSUFFICIENT_BALANCE")
    rich.pay_for(rich.start_paying(order))
    shop.deliver()
    finish(shop)
    assert rich.wallet() == (8_000, 0)
    assert_settled(shop)


def test_all_of_it_can_be_spent_and_then_nothing(shop: Shop, rich: Customer) -> None:
    # Given
    all_of_it, a_fen = rich.place(8_000), rich.place(1)
    assert pay_from_balance(rich, all_of_it).status == 200
    assert rich.wallet() == (0, 0)

    # When / Then
    with nothing_written(shop):
        assert_refused(pay_from_balance(rich, a_fen), 409, "INSUFFICIENT_BALANCE")


def test_two_spends_at_once_take_what_is_there_once(
    shop: Shop, rich: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given 80 yuan, two orders of 50, and a second payment between the first one's reading and writing
    orders = [rich.place(5_000), rich.place(5_000)]
    engine = shop.wiring.engine
    transact = engine.transact
    answers: list[Answer] = []

    def overtaken(writes: Any, token: str) -> None:
        monkeypatch.setattr(engine, "transact", transact)
        answers.append(pay_from_balance(rich, orders[1]))
        transact(writes, token)

    monkeypatch.setattr(engine, "transact", overtaken)

    # When
    answers.append(pay_from_balance(rich, orders[0]))

    # Then the slower one is told that there is too little
    assert answers[0].status == 200
    assert_refused(answers[1], 409, "INSUFFICIENT_BALANCE")
    finish(shop)
    assert rich.wallet() == (3_000, 0)
    sweep_after(shop, 900)
    assert_settled(shop)


def test_a_double_tap_spends_once(shop: Shop, rich: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given two taps on one order
    order = rich.place(3_000)
    engine = shop.wiring.engine
    transact = engine.transact
    answers: list[Answer] = []

    def overtaken(writes: Any, token: str) -> None:
        monkeypatch.setattr(engine, "transact", transact)
        answers.append(pay_from_balance(rich, order, "the-one-tap"))
        transact(writes, token)

    monkeypatch.setattr(engine, "transact", overtaken)

    # When
    answers.append(pay_from_balance(rich, order, "the-one-tap"))

    # Then
    assert [answer.status for answer in answers] == [200, 200]
    assert answers[0].body["payment"] == answers[1].body["payment"]
    assert rich.wallet() == (5_000, 0)
    finish(shop)
    assert_settled(shop)


def test_an_open_payment_is_closed_before_the_balance_pays(shop: Shop, rich: Customer) -> None:
    # Given a payment that waits at WeChat Pay
    order = rich.place(5_000)
    first = rich.start_paying(order)

    # When the customer pays from the balance instead
    assert pay_from_balance(rich, order).status == 200

    # Then nobody can pay the first any more; money that comes all the same goes back to the channel
    finish(shop)
    rich.pay_for(first, late=True)
    shop.deliver()
    shop.drain()
    shop.deliver()
    shop.drain()
    assert [r["reason"] for r in rich.order(order).body["refunds"]] == ["SECOND_PAYMENT"]
    assert rich.wallet() == (3_000, 0)
    assert_settled(shop)


def test_nothing_is_spent_while_the_channel_does_not_confirm(shop: Shop, rich: Customer) -> None:
    # Given
    order = rich.place(5_000)
    rich.start_paying(order)
    shop.world.wechat.misbehave("close", "drop_before", count=1)

    # When
    with nothing_written(shop):
        answer = pay_from_balance(rich, order)

    # Then
    assert_refused(answer, 504, "PAYMENT_UNKNOWN")
    assert rich.wallet() == (8_000, 0)


@pytest.mark.parametrize(
    "choice", [{"method": "WALLET_BALANCE"}, {"method": "WECHAT_JSAPI", "wallet_fen": 1}]
)
def test_the_balance_does_not_fill_itself(shop: Shop, rich: Customer, choice: dict[str, Any]) -> None:
    order = rich.post("/wallet/top-ups", {"amount_fen": 500}).body["order_id"]
    with nothing_written(shop):
        assert_refused(rich.choose(order, **choice), 409, "ORDER_STATE")


def test_a_balance_is_not_refunded_to_the_channel(shop: Shop, rich: Customer, operator: Customer) -> None:
    order = next(iter(captured(shop)))[:26]
    with nothing_written(shop):
        answer = operator.post(f"/orders/{order}/refunds", {"amount_fen": 1, "reason": "goodwill"})
    assert_refused(answer, 409, "ORDER_STATE")


def test_everybody_has_their_own(shop: Shop, rich: Customer) -> None:
    other = new_customer(shop)
    assert other.wallet() == (0, 0)
    assert_refused(pay_from_balance(other, other.place(100)), 409, "INSUFFICIENT_BALANCE")
    assert list(wallets(shop)) == [f"WALLET:{rich.user_id}"]
    assert holds(shop) == []


def test_the_quick_call_pays_from_the_balance(shop: Shop, ann: Customer) -> None:
    ann.top_up_wallet(2_000)
    body = {"userId": ann.user_id, "amount": 20, "paymentMethod": "WALLET_BALANCE"}
    answer = ann.post("/payments/create", body)
    assert answer.body["order"]["state"] == "RECHARGING"
    finish(shop)
    assert ann.wallet() == (0, 0)
    assert_settled(shop)
