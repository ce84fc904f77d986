"""Degradation switches (OP4): no new orders in maintenance, and what is under way goes on."""

from flow.books import assert_refused, nothing_written
from flow.customers import Customer
from flow.moves import finish
from octane.kernel.switches import Switches
from world.shop import Shop


def turn(shop: Shop, **switches: bool) -> None:
    shop.wiring.switches.switches = Switches(**switches)  # type: ignore[attr-defined]


def test_maintenance_takes_no_new_orders_and_finishes_the_others(shop: Shop, ann: Customer) -> None:
    # Given an order that was placed before
    order = ann.place()
    turn(shop, maintenance=True)

    # When / Then: none can be placed, in any way
    with nothing_written(shop):
        body = {"card_id": ann.card_id, "amount_fen": 10_000}
        assert_refused(ann.post("/orders", body), 503, "MAINTENANCE")
        quick = {"userId": ann.user_id, "amount": 1, "paymentMethod": "WECHAT_JSAPI"}
        assert_refused(ann.post("/payments/create", quick), 503, "MAINTENANCE")
        assert_refused(ann.post("/wallet/top-ups", {"amount_fen": 100}), 503, "MAINTENANCE")

    # And the one that is open is paid and delivered
    ann.pay_for(ann.start_paying(order))
    shop.deliver()
    finish(shop)
    assert ann.state(order) == "SUCCEEDED"


def test_simple_answers_leave_the_timeline_out(shop: Shop, ann: Customer) -> None:
    order = ann.place()
    assert len(ann.order(order).body["timeline"]) == 1
    turn(shop, simple_answers=True)
    assert ann.order(order).body["timeline"] == []
    assert ann.state(order) == "PENDING"


def test_anybody_may_ask_what_is_turned_off(shop: Shop) -> None:
    turn(shop, hide_marketing=True)
    answer = shop.get("/api/v1/switches")
    assert answer.body == {"maintenance": False, "hide_marketing": True, "simple_answers": False}
