"""What a channel may take in a day: reserved with the attempt, given back with its end, never exceeded."""

from typing import Any

import pytest

from flow.books import assert_refused, assert_settled, nothing_written, quota_used
from flow.customers import Customer, new_customer
from flow.moves import finish, sweep_after
from flow.routes import away_from_midnight, decision, draft, publish, quota, route
from flow.tills import ALIPAY, UNIONPAY, WECHAT
from world.shop import Answer, Shop

LIMIT = 15_000


@pytest.fixture(autouse=True)
def limited(shop: Shop, operator: Customer) -> None:
    publish_limit(shop, operator)


def publish_limit(shop: Shop, operator: Customer) -> None:
    """WeChat Pay may take 150 yuan today."""
    away_from_midnight(shop)
    publish(shop, operator, **quota(shop, "WECHAT", LIMIT))


def test_an_exhausted_channel_is_passed_over(shop: Shop, ann: Customer) -> None:
    # Given 100 of 150 yuan in use
    first, second = ann.place(), ann.place()
    assert route(ann, first).body["payment"]["method"] == "WECHAT_NATIVE"
    assert quota_used(shop) == {"WECHAT": 10_000}

    # When 100 more are asked for
    answer = route(ann, second)

    # Then another channel takes them, and the decision says why
    assert answer.body["payment"]["method"] == "ALIPAY_NATIVE"
    assert ["WECHAT_NATIVE", "QUOTA_EXHAUSTED"] in [
        candidate[:2] for candidate in decision(shop, f"{second}P01")["candidates"]
    ]
    assert quota_used(shop) == {"WECHAT": 10_000}
    assert route(ann, ann.place(5_000)).body["payment"]["method"] == "WECHAT_NATIVE"
    assert quota_used(shop) == {"WECHAT": LIMIT}


def test_a_named_method_over_the_quota_is_unavailable(shop: Shop, ann: Customer) -> None:
    # Given
    route(ann, ann.place())
    order = ann.place(5_001)

    # When / Then
    with nothing_written(shop):
        assert_refused(ann.pay(order, "WECHAT_JSAPI"), 503, "CHANNEL_UNAVAILABLE")
    assert ann.pay(order, "UNIONPAY_APP").status == 200


@pytest.mark.parametrize("amount", [15_000, 15_001])
def test_the_limit_itself_fits(shop: Shop, ann: Customer, amount: int) -> None:
    answer = ann.pay(ann.place(amount), "WECHAT_NATIVE")
    assert answer.status == (200 if amount == LIMIT else 503)


def test_two_payers_at_once_share_the_last_room(
    shop: Shop, ann: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a second payer between the first one's decision and its transaction
    ben = new_customer(shop)
    orders = ann.place(), ben.place()
    engine = shop.wiring.engine
    transact = engine.transact
    answers: list[Answer] = []

    def overtaken(writes: Any, token: str) -> None:
        monkeypatch.setattr(engine, "transact", transact)
        answers.append(route(ben, orders[1]))
        transact(writes, token)

    monkeypatch.setattr(engine, "transact", overtaken)

    # When
    answers.append(route(ann, orders[0]))

    # Then the slower one goes elsewhere, in the same request
    assert [answer.body["payment"]["method"] for answer in answers] == ["WECHAT_NATIVE", "ALIPAY_NATIVE"]
    assert quota_used(shop) == {"WECHAT": 10_000}
    assert shop.signals.named("QuotaExhausted") == [{"channel": "WECHAT"}]


def test_only_the_channels_part_counts(shop: Shop, ann: Customer) -> None:
    # Given 80 yuan on the balance, which came through WeChat Pay
    ann.top_up_wallet(8_000)
    assert quota_used(shop) == {"WECHAT": 8_000}

    # When
    answer = route(ann, ann.place(), wallet_fen=3_000)

    # Then
    assert answer.body["payment"]["amount_fen"] == 7_000
    assert quota_used(shop) == {"WECHAT": LIMIT}


def test_a_paid_attempt_keeps_its_room(shop: Shop, ann: Customer) -> None:
    order = ann.place()
    route(ann, order)
    WECHAT.pay(shop, f"{order}P01")
    shop.deliver()
    finish(shop)
    sweep_after(shop, 900)
    assert quota_used(shop) == {"WECHAT": 10_000}
    assert_settled(shop)


def test_a_cancelled_order_gives_its_room_back(shop: Shop, ann: Customer) -> None:
    order = ann.place()
    route(ann, order)
    assert ann.post(f"/orders/{order}/cancel").body["state"] == "CLOSED"
    assert quota_used(shop) == {}


def test_an_expired_order_gives_its_room_back_once(shop: Shop, ann: Customer) -> None:
    # Given
    order = ann.place()
    route(ann, order)

    # When
    sweep_after(shop, 900)
    assert quota_used(shop) == {}

    # Then late money does not take it again, and does not give it back twice
    WECHAT.pay(shop, f"{order}P01", late=True)
    shop.deliver()
    shop.drain()
    shop.deliver()
    shop.drain()
    assert quota_used(shop) == {}
    assert_settled(shop)


def test_a_refusal_gives_the_room_back_and_the_next_channel_has_its_own(shop: Shop, ann: Customer) -> None:
    WECHAT.refuse(shop)
    assert route(ann, ann.place()).body["payment"]["method"] == "ALIPAY_NATIVE"
    assert quota_used(shop) == {}


def test_another_method_gives_the_room_back(shop: Shop, ann: Customer) -> None:
    order = ann.place()
    route(ann, order)
    ann.pay(order, UNIONPAY.method)
    assert quota_used(shop) == {}


def test_money_of_another_amount_keeps_the_room(shop: Shop, ann: Customer) -> None:
    # Given a channel that took money, be it the wrong amount
    order = ann.place()
    route(ann, order)
    WECHAT.pay(shop, f"{order}P01", amount_fen=9_999)
    shop.deliver()
    shop.drain()
    shop.deliver()
    shop.drain()
    assert quota_used(shop) == {"WECHAT": 10_000}
    assert_settled(shop)


def test_an_unanswered_call_keeps_the_room_until_its_end_is_proven(shop: Shop, ann: Customer) -> None:
    # Given
    WECHAT.misbehave(shop, "drop_after", count=1)
    order = ann.place()
    assert_refused(route(ann, order, key="tap-on-h5"), 504, "PAYMENT_UNKNOWN")
    assert quota_used(shop) == {"WECHAT": 10_000}

    # When the close is confirmed and another channel takes over
    shop.clock.move(seconds=15)
    assert route(ann, order, key="tap-on-h5").body["payment"]["method"] == ALIPAY.method
    assert quota_used(shop) == {}


def test_the_day_after_there_is_room_again_and_nothing_to_give_back(shop: Shop, ann: Customer) -> None:
    # Given a room of yesterday
    order = ann.place(LIMIT)
    route(ann, order)
    before = quota_used(shop)

    # When
    sweep_after(shop, 24 * 3_600)

    # Then yesterday's count stays as it is, and today has its own
    assert ann.state(order) == "CLOSED"
    assert quota_used(shop) == before
    assert route(ann, ann.place(LIMIT)).body["payment"]["method"] == "WECHAT_NATIVE"
    assert quota_used(shop) == {"WECHAT": 2 * LIMIT}


def test_a_quota_that_counts_can_only_grow(shop: Shop, operator: Customer) -> None:
    for less in (quota(shop, "WECHAT", LIMIT - 1), quota(shop, "WECHAT", LIMIT, shards=2)):
        with nothing_written(shop):
            answer = operator.post("/routing/rules", {"rules": draft(**less), "based_on": 1})
        assert_refused(answer, 409, "RULES_QUOTA_FIXED")
    assert publish(shop, operator, **quota(shop, "WECHAT", LIMIT + 1)) == 2


def test_every_payment_out_of_quota_is_told_so(shop: Shop, ann: Customer, operator: Customer) -> None:
    # Given a day that everybody has used up
    assert publish(shop, operator, **quota(shop, "WECHAT", LIMIT + 1)) == 2
    for amount in (LIMIT, 1):
        assert ann.pay(ann.place(amount), "WECHAT_NATIVE").status == 200
    assert quota_used(shop) == {"WECHAT": LIMIT + 1}
    order = ann.place(1)
    with nothing_written(shop):
        assert_refused(ann.pay(order, "WECHAT_NATIVE"), 503, "CHANNEL_UNAVAILABLE")
