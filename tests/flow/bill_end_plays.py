"""How orders of bills end, with all that they hold, in every function that can end one: each play says where
(OR9, FU2, PY4)."""

from typing import Any

from flow.bill_plays import (
    OTHER,
    OWED,
    assert_free,
    bound,
    coupon,
    instalments,
    paid_plan,
    pay,
    placed,
)
from flow.closing import open_early
from flow.customers import Customer, new_staff
from flow.finance_plays import happened, repaired
from flow.moves import sweep_after
from flow.routes import unreachable
from flow.test_reviews import DAY, decide, prove
from flow.test_reviews import claim as claim_review
from flow.tills import ALIPAY, UNIONPAY, WECHAT, Till
from octane.billers.names import Biller
from octane.channels.port import CloseResult, PaymentProof, Trade
from octane.kernel.caller import Role
from octane.kernel.fulfilment import FulfilmentReport, FulfilmentState
from octane.kernel.money import Fen
from world.shop import Answer, Shop


def instalments_are_paid(shop: Shop, ann: Customer) -> None:
    order = instalments(shop, ann)
    pay(shop, ann, order)
    shop.drain()
    assert shop.deliver().status == 200
    assert ann.state(order) == "SUCCEEDED"
    assert paid_plan(ann, order) == OWED // 12
    assert ann.get(f"/orders/{order}/receipt").status == 200
    support = new_staff(shop, Role.SUPPORT)
    assert support.get(f"/orders/{order}/receipt").status == 200


def a_biller_revokes(shop: Shop, ann: Customer) -> None:
    """It takes the payment, and its notice is that it will not have it."""
    shop.world.billers.misbehave("pay", "fail", count=1)
    order = instalments(shop, ann)
    pay(shop, ann, order)
    shop.drain()
    assert shop.deliver().status == 200
    assert_free(ann, order)


def a_biller_refuses_at_once(shop: Shop, ann: Customer) -> None:
    shop.world.billers.misbehave("pay", "refuse", count=1, code="BILLER_REFUSED")
    order = instalments(shop, ann)
    pay(shop, ann, order)
    shop.drain()
    assert_free(ann, order)


def a_biller_pays_at_once(shop: Shop, ann: Customer) -> None:
    order = instalments(shop, ann)
    pay(shop, ann, order)
    client: Any = shop.wiring.biller_of(Biller.ELECTRICITY)
    report = FulfilmentReport(f"{order}R01", FulfilmentState.SUCCEEDED, "E1", source="answer")
    client.pay = lambda _: report
    shop.drain()
    assert paid_plan(ann, order) == OWED // 12


def ends_of(shop: Shop) -> list[str]:
    return [each["state"] for each in shop.world.billers.get("/books")["payments"]]


def a_lost_notice_is_asked_for(shop: Shop, ann: Customer) -> None:
    shop.world.billers.misbehave("notice", "lose")
    order = instalments(shop, ann)
    pay(shop, ann, order)
    shop.drain()
    happened(lambda: ends_of(shop) == ["PAID"])
    sweep_after(shop, 121)
    assert ann.state(order) == "SUCCEEDED"


def an_unpaid_order_lets_go(shop: Shop, ann: Customer) -> None:
    order = instalments(shop, ann)
    sweep_after(shop, 901)
    assert_free(ann, order)


def a_cancelled_order_lets_go(shop: Shop, ann: Customer) -> None:
    order = instalments(shop, ann)
    assert ann.post(f"/orders/{order}/cancel").status == 200
    assert_free(ann, order)


def another_amount_was_paid(shop: Shop, ann: Customer, till: Till) -> None:
    order = instalments(shop, ann)
    pay(shop, ann, order, till, amount_fen=100)
    assert_free(ann, order)


def another_amount_was_paid_at_wechat(shop: Shop, ann: Customer) -> None:
    another_amount_was_paid(shop, ann, WECHAT)


def another_amount_was_paid_at_alipay(shop: Shop, ann: Customer) -> None:
    another_amount_was_paid(shop, ann, ALIPAY)


def another_amount_was_paid_at_unionpay(shop: Shop, ann: Customer) -> None:
    another_amount_was_paid(shop, ann, UNIONPAY)


def pays_too_much_meanwhile(shop: Shop, till: Till) -> None:
    """Whoever closes a trade at this channel hears that it was paid just now: another amount."""
    client: Any = shop.wiring.channel_of(till.channel)

    def query(trade: Trade) -> PaymentProof:
        return PaymentProof(trade.out_trade_no, "42000", Fen(1), shop.clock.now(), "o-1", "query")

    client.close, client.query = (lambda _: CloseResult.PAID), query


def a_payment_that_is_released_too_late(shop: Shop, ann: Customer) -> None:
    order = instalments(shop, ann)
    assert ann.choose(order, method=WECHAT.method).status == 200
    pays_too_much_meanwhile(shop, WECHAT)
    assert ann.choose(order, method=ALIPAY.method).status == 409
    assert_free(ann, order)


def one_tap(person: Customer, **body: object) -> Answer:
    chosen = {"userId": person.user_id, "paymentMethod": "WECHAT_NATIVE", **body}
    return person.post("/payments/create", chosen, "one-tap-0001")


def bills_in_one_tap(shop: Shop, ann: Customer) -> None:
    bills = [{"bill_no": OTHER, "amount_fen": 9_000}]
    body = {"billAccountId": bound(shop, ann), "bills": bills, "couponIds": [coupon(shop, ann)]}
    started = one_tap(ann, **body)
    assert started.status == 201, started
    WECHAT.pay(shop, str(started.body["payment"]["out_trade_no"]))
    assert shop.deliver().status == 200


def a_tap_that_is_repeated_after_another_way_was_chosen(shop: Shop, ann: Customer) -> None:
    bills = [{"bill_no": OTHER, "amount_fen": 9_000}]
    body = {"billAccountId": bound(shop, ann), "bills": bills}
    with unreachable(shop, WECHAT):
        assert one_tap(ann, **body).code == "CHANNEL_UNAVAILABLE"
    [order] = ann.get("/orders").body["orders"]
    assert ann.choose(order["order_id"], method=ALIPAY.method).status == 200
    pays_too_much_meanwhile(shop, ALIPAY)
    one_tap(ann, **body)
    assert_free(ann, order["order_id"])


def a_card_order_with_a_coupon_at_a_station(shop: Shop, ann: Customer) -> None:
    body = {"card_id": ann.card_id, "amount_fen": 10_000, "coupon_ids": [coupon(shop, ann)]}
    assert ann.post("/orders", {**body, "station_id": "S404"}).code == "STATION_NOT_FOUND"
    shop.world.issuer.misbehave("submit", "fail", count=1)
    order = placed(ann, "/orders", **body)
    pay(shop, ann, order)
    shop.drain()
    assert shop.deliver().body == "success"
    assert_free(ann, order)


def in_review(shop: Shop, person: Customer) -> str:
    order = instalments(shop, person, 1, 2)
    pay(shop, person, order)
    shop.drain()
    assert person.state(order) == "REVIEWING"
    assert prove(person, order, OWED // 2).status == 201
    shop.drain()
    return order


def a_review_refuses(shop: Shop, ann: Customer) -> None:
    rita = new_staff(shop, Role.RISK)
    order = in_review(shop, ann)
    assert claim_review(rita, order).status == 201
    assert decide(rita, order, "REFUSE").body["state"] == "REFUSED"
    assert_free(ann, order)


def nobody_reviews(shop: Shop, ann: Customer) -> None:
    order = in_review(shop, ann)
    shop.clock.move(seconds=DAY)
    shop.wiring.reviews.time_out()
    shop.drain()
    assert_free(ann, order)


def a_day_hears_of_the_payment(shop: Shop, ann: Customer) -> None:
    open_early(shop)
    shop.world.wechat.misbehave("payment_notice", "lose")
    order = instalments(shop, ann)
    WECHAT.pay(shop, str(ann.choose(order, method=WECHAT.method).body["payment"]["out_trade_no"]))
    assert repaired(shop, "WECHAT") == 1
    assert ann.state(order) == "RECHARGING"


def a_day_hears_of_the_delivery(shop: Shop, ann: Customer) -> None:
    open_early(shop)
    shop.world.billers.misbehave("notice", "lose")
    order = instalments(shop, ann)
    pay(shop, ann, order)
    shop.drain()
    happened(lambda: ends_of(shop) == ["PAID"])
    assert repaired(shop, "ELECTRICITY") == 1
    assert paid_plan(ann, order) == OWED // 12


PLAYS = (
    instalments_are_paid,
    a_biller_revokes,
    a_biller_refuses_at_once,
    a_biller_pays_at_once,
    a_lost_notice_is_asked_for,
    an_unpaid_order_lets_go,
    a_cancelled_order_lets_go,
    another_amount_was_paid_at_wechat,
    another_amount_was_paid_at_alipay,
    another_amount_was_paid_at_unionpay,
    a_payment_that_is_released_too_late,
    bills_in_one_tap,
    a_tap_that_is_repeated_after_another_way_was_chosen,
    a_card_order_with_a_coupon_at_a_station,
    a_review_refuses,
    nobody_reviews,
    a_day_hears_of_the_payment,
    a_day_hears_of_the_delivery,
)
