"""From one channel to the next only with proof, wherever a process dies or an answer is lost: one charge."""

from typing import Any

import pytest

from flow.books import assert_refused, assert_settled, kinds
from flow.customers import Customer
from flow.moves import finish, refunds_arrive, sweep_after
from flow.routes import heard, publish, route
from flow.tills import ALIPAY, UNIONPAY, WECHAT, Till, captured, given_back
from world.shop import Answer, Shop


@pytest.fixture(autouse=True)
def rules(shop: Shop, operator: Customer) -> int:
    return publish(shop, operator)


class KilledError(BaseException):
    """The process is gone: nothing catches this."""


def killed(*_: object) -> Any:
    raise KilledError


def succeed(shop: Shop, till: Till, number: str) -> None:
    till.pay(shop, number)
    assert shop.deliver().status == 200
    finish(shop)


def test_an_answer_that_is_lost_is_asked_for_again(shop: Shop, ann: Customer) -> None:
    # Given a prepare that took effect
    WECHAT.misbehave(shop, "drop_after", count=1)
    order = ann.place()
    assert_refused(route(ann, order, key="tap-on-h5"), 504, "PAYMENT_UNKNOWN")

    # When the request comes again within its call's longest time
    shop.clock.move(seconds=14)
    again = route(ann, order, key="tap-on-h5")

    # Then it is the same trade
    assert again.body["payment"]["out_trade_no"] == f"{order}P01"
    assert heard(shop) == ["WECHAT"]
    succeed(shop, WECHAT, f"{order}P01")
    assert_settled(shop)


def test_after_its_longest_time_a_lost_answer_is_given_up_with_a_confirmed_close(
    shop: Shop, ann: Customer
) -> None:
    # Given
    WECHAT.misbehave(shop, "drop_after", count=1)
    order = ann.place()
    route(ann, order, key="tap-on-h5")

    # When
    shop.clock.move(seconds=15)
    again = route(ann, order, key="tap-on-h5")

    # Then the first trade is dead and the second channel holds the payment
    assert (again.body["payment"]["method"], again.body["payment"]["out_trade_no"]) == (
        "ALIPAY_NATIVE",
        f"{order}P02",
    )
    assert shop.world.wechat.get("/books")["trades"][0]["trade_state"] == "CLOSED"
    succeed(shop, ALIPAY, f"{order}P02")
    assert captured(shop) == {f"{order}P02": 10_000}
    assert_settled(shop)


def test_who_pays_the_first_one_all_the_same_gets_it_back(shop: Shop, ann: Customer) -> None:
    # Given a payment that went on to the second channel and was paid there
    WECHAT.misbehave(shop, "drop_after", count=1)
    order = ann.place()
    route(ann, order, key="tap-on-h5")
    shop.clock.move(seconds=15)
    route(ann, order, key="tap-on-h5")
    succeed(shop, ALIPAY, f"{order}P02")

    # When the first one's money comes
    WECHAT.pay(shop, f"{order}P01", late=True)
    shop.deliver()
    refunds_arrive(shop)

    # Then
    assert given_back(shop) == [("WECHAT", 10_000)]
    assert [r["reason"] for r in ann.order(order).body["refunds"]] == ["SECOND_PAYMENT"]
    assert kinds(shop).count("recharge_succeeded") == 1
    assert_settled(shop)


def test_a_payment_that_was_faster_than_the_close_wins(shop: Shop, ann: Customer) -> None:
    # Given a customer who found the code and paid it, unheard
    WECHAT.misbehave(shop, "drop_after", count=1)
    WECHAT.misbehave(shop, "lose", "payment_notice")
    order = ann.place()
    route(ann, order)
    WECHAT.pay(shop, f"{order}P01")

    # When the app asks again
    shop.clock.move(seconds=15)
    answer = route(ann, order)

    # Then no second channel is asked
    assert_refused(answer, 409, "ORDER_STATE")
    assert heard(shop) == ["WECHAT"]
    finish(shop)
    assert ann.state(order) == "SUCCEEDED"
    assert_settled(shop)


def test_a_trade_that_the_channel_does_not_know_is_called_again(shop: Shop, ann: Customer) -> None:
    # Given a prepare that never arrived, which nobody here can tell from one that is late
    WECHAT.misbehave(shop, "drop_before", count=1)
    order = ann.place()
    route(ann, order)

    # When
    shop.clock.move(seconds=15)
    again = route(ann, order)

    # Then
    assert again.body["payment"]["out_trade_no"] == f"{order}P01"
    succeed(shop, WECHAT, f"{order}P01")
    assert_settled(shop)


def test_a_trade_that_the_channel_never_heard_of_is_given_up_in_the_end(shop: Shop, ann: Customer) -> None:
    # Given
    WECHAT.misbehave(shop, "drop_before", count=1)
    order = ann.place()
    route(ann, order, key="tap-on-h5")

    # When no process that could have sent it lives any more
    shop.clock.move(seconds=60)

    # Then
    assert route(ann, order, key="tap-on-h5").body["payment"]["method"] == "ALIPAY_NATIVE"
    succeed(shop, ALIPAY, f"{order}P02")
    assert_settled(shop)


def test_without_a_confirmed_close_the_channel_is_called_again(shop: Shop, ann: Customer) -> None:
    # Given a lost answer, and a close that fails
    WECHAT.misbehave(shop, "drop_after", count=1)
    WECHAT.misbehave(shop, "status", "close", status=500, count=1)
    order = ann.place()
    route(ann, order)

    # When
    shop.clock.move(seconds=15)
    again = route(ann, order)

    # Then the customer pays where the trade is
    assert again.body["payment"]["out_trade_no"] == f"{order}P01"
    assert heard(shop) == ["WECHAT"]
    succeed(shop, WECHAT, f"{order}P01")
    assert_settled(shop)


def test_a_code_that_cannot_be_closed_is_asked_for_again(shop: Shop, ann: Customer) -> None:
    # Given Alipay's lost answer: its code may be scanned until the order's end
    WECHAT.refuse(shop)
    ALIPAY.misbehave(shop, "drop_after", count=1)
    order = ann.place()
    assert_refused(route(ann, order), 504, "PAYMENT_UNKNOWN")

    # When
    shop.clock.move(seconds=60)
    again = route(ann, order)

    # Then
    assert again.body["payment"]["out_trade_no"] == f"{order}P02"
    succeed(shop, ALIPAY, f"{order}P02")
    assert_settled(shop)


def test_a_lost_tn_waits_for_its_time_to_be_over(shop: Shop, ann: Customer) -> None:
    # Given UnionPay's lost answer: the number was used, and nobody tells the tn
    WECHAT.refuse(shop)
    ALIPAY.refuse(shop)
    UNIONPAY.misbehave(shop, "drop_after", count=1)
    order = ann.place()
    for seconds in (0, 10, 30):
        shop.clock.move(seconds=seconds)
        assert_refused(route(ann, order), 504, "PAYMENT_UNKNOWN")

    # When
    for seconds in (900, 60, 60, 60, 60, 60, 60):
        sweep_after(shop, seconds)

    # Then
    assert ann.order(order).body["reason"] == "EXPIRED"
    assert captured(shop) == {}
    assert_settled(shop)


def test_a_death_before_the_first_call_is_continued(
    shop: Shop, ann: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a process that dies when the attempt is stored
    order = ann.place()
    with monkeypatch.context() as patch, pytest.raises(KilledError):
        patch.setattr(shop.wiring.wechat, "prepare", killed)
        route(ann, order, key="tap-on-h5")

    # When
    again = route(ann, order, key="tap-on-h5")

    # Then
    assert again.body["payment"]["out_trade_no"] == f"{order}P01"
    succeed(shop, WECHAT, f"{order}P01")
    assert_settled(shop)


def test_a_death_between_two_channels_is_continued(
    shop: Shop, ann: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a process that dies before it calls the second channel
    WECHAT.refuse(shop)
    order = ann.place()
    with monkeypatch.context() as patch, pytest.raises(KilledError):
        patch.setattr(shop.wiring.alipay, "prepare", killed)
        route(ann, order, key="tap-on-h5")

    # When
    again = route(ann, order, key="tap-on-h5")

    # Then
    assert again.body["payment"]["out_trade_no"] == f"{order}P02"
    assert heard(shop) == ["ALIPAY"]
    succeed(shop, ALIPAY, f"{order}P02")
    assert_settled(shop)


def test_a_refusal_that_nobody_could_store_is_no_proof_the_second_time(
    shop: Shop, ann: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a process that dies with the channel's refusal in its hands
    WECHAT.refuse(shop, count=2)
    order = ann.place()
    prepare = shop.wiring.wechat.prepare
    with monkeypatch.context() as patch, pytest.raises(KilledError):
        patch.setattr(shop.wiring.wechat, "prepare", lambda request: killed(prepare(request)))
        route(ann, order, key="tap-on-h5")

    # When the channel refuses again: the first call may have taken effect, for all that is known
    assert_refused(route(ann, order, key="tap-on-h5"), 504, "PAYMENT_UNKNOWN")

    # Then only time and the channel's word let it go on
    shop.clock.move(seconds=60)
    again = route(ann, order, key="tap-on-h5")
    assert again.body["payment"]["method"] == "ALIPAY_NATIVE"
    succeed(shop, ALIPAY, f"{order}P02")
    assert_settled(shop)


def test_a_double_tap_while_the_first_one_fails_over(
    shop: Shop, ann: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a second tap between the first channel's refusal and the second channel's call
    WECHAT.refuse(shop)
    order = ann.place()
    prepare = shop.wiring.alipay.prepare
    taps: list[Answer] = []

    def overtaken(request: Any) -> Any:
        monkeypatch.setattr(shop.wiring.alipay, "prepare", prepare)
        taps.append(route(ann, order, key="second-tap"))
        return prepare(request)

    monkeypatch.setattr(shop.wiring.alipay, "prepare", overtaken)

    # When
    taps.append(route(ann, order, key="first-tap"))

    # Then both hold the same code
    assert [tap.status for tap in taps] == [200, 200]
    assert taps[0].body["payment"] == taps[1].body["payment"]
    assert heard(shop) == ["ALIPAY"]
    succeed(shop, ALIPAY, f"{order}P02")
    assert_settled(shop)
