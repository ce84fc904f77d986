"""Channels to which no connection opens: nothing left us, which is proof, and holds nobody."""

import pytest

from flow.books import assert_refused, assert_settled
from flow.customers import Customer
from flow.moves import finish
from flow.routes import heard, publish, route, unreachable
from flow.tills import ALIPAY, TILLS, UNIONPAY, WECHAT, Till, till_of
from world.shop import Shop


@pytest.fixture(autouse=True)
def rules(shop: Shop, operator: Customer) -> int:
    return publish(shop, operator)


def succeed(shop: Shop, till: Till, number: str) -> None:
    till.pay(shop, number)
    assert shop.deliver().status == 200
    finish(shop)


def test_a_channel_that_cannot_be_reached_is_passed_over(shop: Shop, ann: Customer) -> None:
    # Given two channels that are down
    order = ann.place()

    # When
    with unreachable(shop, WECHAT, ALIPAY):
        answer = route(ann, order)

    # Then
    assert answer.body["payment"]["out_trade_no"] == f"{order}P03"
    assert heard(shop) == ["UNIONPAY"]
    succeed(shop, UNIONPAY, f"{order}P03")
    assert_settled(shop)


def test_channels_that_were_out_of_reach_are_tried_again_under_the_same_key(
    shop: Shop, ann: Customer
) -> None:
    # Given a tap when no channel could be reached
    order = ann.place()
    with unreachable(shop, *TILLS):
        answer = route(ann, order, key="tap-on-h5")
    assert_refused(answer, 503, "CHANNEL_UNAVAILABLE")

    # When the very same request comes again, as the answer invites to
    again = route(ann, order, key="tap-on-h5")

    # Then
    assert again.status == 200
    succeed(shop, till_of(again.body["payment"]["method"]), again.body["payment"]["out_trade_no"])
    assert_settled(shop)


def test_a_channel_that_refused_is_not_asked_again_under_the_same_key(shop: Shop, ann: Customer) -> None:
    # Given a tap that WeChat Pay and Alipay refused, while UnionPay was out of reach
    WECHAT.refuse(shop)
    ALIPAY.refuse(shop)
    order = ann.place()
    with unreachable(shop, UNIONPAY):
        assert_refused(route(ann, order, key="tap-on-h5"), 503, "CHANNEL_UNAVAILABLE")

    # When / Then
    again = route(ann, order, key="tap-on-h5")
    assert again.body["payment"]["method"] == "UNIONPAY_APP"
    assert heard(shop) == ["UNIONPAY"]


@pytest.mark.parametrize("till", TILLS, ids=lambda till: till.channel.value)
def test_a_named_channel_out_of_reach_holds_nobody(shop: Shop, ann: Customer, till: Till) -> None:
    # Given
    ann.top_up_wallet(4_000)
    order = ann.place()
    with unreachable(shop, till):
        answer = ann.choose(order, "named-way-1", method=till.method, wallet_fen=4_000)
        assert_refused(answer, 503, "CHANNEL_UNAVAILABLE")
        assert ann.wallet() == (4_000, 0)

        # When another way is taken while it is down
        other = UNIONPAY if till is WECHAT else WECHAT
        second = ann.pay(order, other.method)

    # Then
    assert second.body["payment"]["out_trade_no"] == f"{order}P02"
    succeed(shop, other, f"{order}P02")
    assert_settled(shop)


def test_a_named_channel_is_tried_again_under_the_same_key(shop: Shop, ann: Customer) -> None:
    order = ann.place()
    with unreachable(shop, ALIPAY):
        assert_refused(ann.pay(order, "ALIPAY_NATIVE", "named-way-1"), 503, "CHANNEL_UNAVAILABLE")
    again = ann.pay(order, "ALIPAY_NATIVE", "named-way-1")
    assert again.body["payment"]["out_trade_no"] == f"{order}P02"
    assert ann.pay(order, "ALIPAY_NATIVE", "named-way-1").body["payment"] == again.body["payment"]
    succeed(shop, ALIPAY, f"{order}P02")
    assert_settled(shop)
