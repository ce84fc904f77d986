"""Payments for which routing chooses the channel: the choice is stored, and a refusal goes to the next."""

import json
from typing import Any

import pytest

from flow.books import assert_refused, assert_settled, nothing_written
from flow.customers import Customer
from flow.moves import finish, sweep_after
from flow.routes import decision, decisions, draft, heard, publish, route
from flow.tills import TILLS, WECHAT, captured, till_of
from octane.routing.publishing import all_rules
from octane.routing.replays import replay_all
from world.shop import Answer, Shop


@pytest.fixture(autouse=True)
def rules(shop: Shop, operator: Customer) -> int:
    return publish(shop, operator)


def paid_to_the_end(shop: Shop, answer: Answer) -> str:
    """The customer pays what was started, and the card is recharged; return the channel's name."""
    payment = answer.body["payment"]
    till = till_of(payment["method"])
    till.pay(shop, payment["out_trade_no"])
    assert shop.deliver().status == 200
    finish(shop)
    return till.channel.value


@pytest.mark.parametrize(
    ("platform", "fees", "method"),
    [
        ("MINI_PROGRAM", {"WECHAT": 1, "ALIPAY": 2, "UNIONPAY": 3}, "WECHAT_JSAPI"),
        ("MINI_PROGRAM", {"WECHAT": 3, "ALIPAY": 1, "UNIONPAY": 2}, "UNIONPAY_APP"),
        ("H5", {"WECHAT": 3, "ALIPAY": 2, "UNIONPAY": 1}, "UNIONPAY_APP"),
        ("H5", {"WECHAT": 2, "ALIPAY": 1, "UNIONPAY": 3}, "ALIPAY_NATIVE"),
        ("STATION_QR", {"WECHAT": 2, "ALIPAY": 3, "UNIONPAY": 1}, "WECHAT_NATIVE"),
    ],
)
def test_each_platform_gets_its_cheapest_way(
    shop: Shop, ann: Customer, operator: Customer, platform: str, fees: dict[str, int], method: str
) -> None:
    # Given what each channel costs today
    publish(shop, operator, **draft({channel: 1_000 * fee for channel, fee in fees.items()}))
    order = ann.place()

    # When
    answer = route(ann, order, platform)

    # Then, and the decision says what it knew and why
    assert answer.body["payment"]["method"] == method
    stored = decision(shop, f"{order}P01")
    assert (stored["winner"], stored["rules"][0], stored["request"][:2]) == (
        method,
        2,
        [f"{order}P01", platform],
    )
    assert paid_to_the_end(shop, answer) == till_of(method).channel
    assert_settled(shop)


def test_all_decisions_replay(shop: Shop, ann: Customer, operator: Customer) -> None:
    # Given decisions under two versions of the rules, one with a failover
    WECHAT.refuse(shop)
    for platform in ("H5", "STATION_QR"):
        route(ann, ann.place(), platform)
    publish(shop, operator, **draft({"WECHAT": 9_000, "ALIPAY": 1_000, "UNIONPAY": 5_000}))
    route(ann, ann.place(), "H5")

    # When / Then
    report = replay_all(decisions(shop), all_rules(shop.wiring.store))
    assert (report.total, report.identical) == (4, 4)


def test_a_refusal_goes_to_the_next_channel(shop: Shop, ann: Customer) -> None:
    # Given
    WECHAT.refuse(shop)
    order = ann.place()

    # When
    answer = route(ann, order)

    # Then the customer sees one answer, and each attempt keeps its decision
    assert answer.body["payment"]["out_trade_no"] == f"{order}P02"
    assert paid_to_the_end(shop, answer) == "ALIPAY"
    first, second = decision(shop, f"{order}P01"), decision(shop, f"{order}P02")
    assert (first["winner"], second["winner"]) == ("WECHAT_NATIVE", "ALIPAY_NATIVE")
    assert ["WECHAT_NATIVE", "TRIED"] in [candidate[:2] for candidate in second["candidates"]]
    assert captured(shop) == {f"{order}P02": 10_000}
    assert_settled(shop)


def test_when_all_refuse_nothing_is_held_and_the_next_tap_tries_again(shop: Shop, ann: Customer) -> None:
    # Given
    ann.top_up_wallet(5_000)
    for till in TILLS:
        till.refuse(shop)
    order = ann.place()

    # When
    answer = route(ann, order, wallet_fen=3_000)

    # Then
    assert_refused(answer, 503, "CHANNEL_UNAVAILABLE")
    assert ann.wallet() == (5_000, 0)
    assert route(ann, order, wallet_fen=3_000).body["payment"]["out_trade_no"] == f"{order}P04"
    assert ann.wallet() == (2_000, 3_000)


@pytest.mark.parametrize("status", [500, 429])
def test_an_error_that_proves_nothing_stays_with_its_channel(shop: Shop, ann: Customer, status: int) -> None:
    # Given
    WECHAT.misbehave(shop, "status", count=1, status=status, after=True)
    order = ann.place()

    # When
    assert_refused(route(ann, order), 504, "PAYMENT_UNKNOWN")

    # Then the next tap continues what is there
    assert route(ann, order).body["payment"]["out_trade_no"] == f"{order}P01"
    assert heard(shop) == ["WECHAT"]


def test_a_replay_says_the_same_and_needs_no_second_decision(shop: Shop, ann: Customer) -> None:
    # Given
    order = ann.place()
    first = route(ann, order, key="tap-on-h5")

    # When
    with nothing_written(shop):
        again = route(ann, order, key="tap-on-h5")
        other_key = route(ann, order)

    # Then
    assert again.body["payment"] == other_key.body["payment"] == first.body["payment"]
    assert len(decisions(shop)) == 1


def test_a_key_belongs_to_its_choice(shop: Shop, ann: Customer) -> None:
    order = ann.place()
    route(ann, order, key="tap-on-h5")
    for choice in (
        {"platform": "STATION_QR"},
        {"method": "WECHAT_NATIVE"},
        {"platform": "H5", "wallet_fen": 1},
    ):
        with nothing_written(shop):
            answer = ann.choose(order, "tap-on-h5", **choice)
        assert_refused(answer, 409, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize(
    "choice",
    [{}, {"platform": "H5", "method": "WECHAT_NATIVE"}, {"platform": "H5", "method": "WALLET_BALANCE"}],
)
def test_one_of_two_must_be_named(shop: Shop, ann: Customer, choice: dict[str, Any]) -> None:
    order = ann.place()
    with nothing_written(shop):
        assert_refused(ann.choose(order, **choice), 400, "PAYMENT_CHOICE")


@pytest.mark.parametrize(
    "choice", [{"platform": "MOON"}, {"platform": 1}, {"platform": "h5"}, {"method": "CASH"}]
)
def test_words_that_name_nothing(shop: Shop, ann: Customer, choice: dict[str, Any]) -> None:
    order = ann.place()
    with nothing_written(shop):
        assert_refused(ann.choose(order, **choice), 400, "INVALID_REQUEST")


def test_a_named_way_replaces_a_routed_one_and_the_other_way_round(shop: Shop, ann: Customer) -> None:
    # Given
    order = ann.place()
    route(ann, order)

    # When
    named = ann.pay(order, "UNIONPAY_APP")

    # Then the routed one is closed first; and UnionPay's cannot be closed for another
    assert named.body["payment"]["out_trade_no"] == f"{order}P02"
    with nothing_written(shop):
        assert_refused(route(ann, order), 504, "PAYMENT_UNKNOWN")
    assert paid_to_the_end(shop, named) == "UNIONPAY"
    assert_settled(shop)


def test_a_top_up_of_the_balance_is_routed_too(shop: Shop, ann: Customer) -> None:
    order = ann.post("/wallet/top-ups", {"amount_fen": 700}).body["order_id"]
    answer = route(ann, order, "MINI_PROGRAM")
    assert answer.body["payment"]["method"] == "WECHAT_JSAPI"
    ann.pay_for(f"{order}P01")
    shop.deliver()
    shop.drain()
    assert ann.wallet() == (700, 0)
    assert_settled(shop)


def test_an_amount_over_every_limit_has_no_channel(shop: Shop, ann: Customer, operator: Customer) -> None:
    # Given methods that take at most 50 yuan
    narrow = draft()
    narrow["methods"] = {name: {**rule, "max_fen": 5_000} for name, rule in narrow["methods"].items()}
    publish(shop, operator, **narrow)
    order = ann.place(5_001)

    # When / Then nothing is stored, and a part from the balance makes it possible
    with nothing_written(shop):
        assert_refused(route(ann, order), 503, "CHANNEL_UNAVAILABLE")
    ann.top_up_wallet(1_000)
    assert route(ann, order, wallet_fen=1).body["payment"]["amount_fen"] == 5_000


def test_an_expired_routed_payment_is_closed(shop: Shop, ann: Customer) -> None:
    order = ann.place()
    route(ann, order)
    sweep_after(shop, 900)
    assert ann.order(order).body["reason"] == "EXPIRED"
    assert json.loads(decisions(shop)[0])["winner"] == "WECHAT_NATIVE"
    assert_settled(shop)
