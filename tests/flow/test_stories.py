"""The six stories of a top-up, told to their end: three sets of books agree and nothing is left to do."""

from flow.books import assert_settled, channel_refunds, due, kinds, nets, recharges, trades
from flow.customers import Customer
from world.shop import Shop


def test_paid_and_recharged(shop: Shop, ann: Customer) -> None:
    # Given an order whose payment is started
    order = ann.place(10_000)
    number = ann.start_paying(order)

    # When the customer pays and the issuer recharges
    shop.world.wechat.post("/cashier/pay", out_trade_no=number)
    assert shop.deliver().status == 200
    shop.drain()
    assert shop.deliver().body == "success"
    shop.drain()

    # Then the order succeeded and each fen is where it belongs
    assert ann.events(order) == ["OrderPlaced", "PaymentStarted", "OrderPaid", "OrderSucceeded"]
    view = ann.order(order).body
    assert (view["state"], view["captured_fen"], view["refunded_fen"]) == ("SUCCEEDED", 10_000, 0)
    assert nets(shop) == {"CHANNEL_RECEIVABLE:WECHAT": 10_000, "ISSUER_PAYABLE:SINOPEC": -10_000}
    assert [(r["game_state"], r["amount_fen"]) for r in recharges(shop)] == [("1", 10_000)]
    assert_settled(shop)


def test_issuer_refuses_and_the_payment_is_refunded(shop: Shop, ann: Customer) -> None:
    # Given a paid order that the issuer will refuse at once
    shop.world.issuer.misbehave("submit", "refuse", count=1, code="208703")
    order = ann.place(10_000)
    number = ann.start_paying(order)
    shop.world.wechat.post("/cashier/pay", out_trade_no=number)
    shop.deliver()

    # When the recharge is submitted, and the channel says that the refund arrived
    shop.drain()
    assert shop.deliver().status == 200
    shop.drain()

    # Then the order failed, all of it went back, and the error entry is in the ledger
    view = ann.order(order).body
    assert (view["state"], view["reason"]) == ("FAILED", "ISSUER_CARD_NUMBER_WRONG")
    assert (view["captured_fen"], view["refunded_fen"]) == (10_000, 10_000)
    assert [refund["status"] for refund in view["refunds"]] == ["SUCCEEDED"]
    assert kinds(shop) == ["payment_received", "recharge_failed", "refund_succeeded"]
    assert channel_refunds(shop) == [(number, 10_000, "SUCCESS")]
    assert nets(shop) == {}
    assert recharges(shop) == []
    assert_settled(shop)


def test_issuer_revokes_later_and_the_payment_is_refunded(shop: Shop, ann: Customer) -> None:
    # Given a recharge that the issuer takes and then fails
    shop.world.issuer.misbehave("submit", "fail", count=1)
    order = ann.place(5_000)
    number = ann.start_paying(order)
    shop.world.wechat.post("/cashier/pay", out_trade_no=number)
    shop.deliver()
    shop.drain()

    # When its callback says so, and the refund arrives
    assert shop.deliver().body == "success"
    shop.drain()
    shop.deliver()
    shop.drain()

    # Then
    view = ann.order(order).body
    assert (view["state"], view["reason"], view["refunded_fen"]) == ("FAILED", "ISSUER_REVOKED", 5_000)
    assert channel_refunds(shop) == [(number, 5_000, "SUCCESS")]
    assert nets(shop) == {}
    assert_settled(shop)


def test_never_paid_is_closed(shop: Shop, ann: Customer) -> None:
    # Given an order whose payment is started and never made
    order = ann.place(10_000)
    number = ann.start_paying(order)

    # When its fifteen minutes pass
    shop.clock.move(seconds=899)
    shop.sweep()
    assert ann.state(order) == "PAYING"
    shop.clock.move(seconds=1)
    shop.sweep()

    # Then the channel was asked and told first, and the order is closed
    assert trades(shop) == {number: "CLOSED"}
    view = ann.order(order).body
    assert (view["state"], view["reason"]) == ("CLOSED", "EXPIRED")
    assert kinds(shop) == []
    assert_settled(shop)


def test_never_even_started_is_closed(shop: Shop, ann: Customer) -> None:
    # Given an order that nobody tries to pay
    order = ann.place(10_000)

    # When
    shop.clock.move(seconds=900)
    shop.sweep()

    # Then it is closed without a word to the channel
    assert ann.state(order) == "CLOSED"
    assert trades(shop) == {}
    assert_settled(shop)


def test_paid_after_close_is_refunded(shop: Shop, ann: Customer) -> None:
    # Given an order that expired
    order = ann.place(10_000)
    number = ann.start_paying(order)
    shop.clock.move(seconds=900)
    shop.sweep()
    assert ann.state(order) == "CLOSED"

    # When the money comes all the same
    shop.world.wechat.post("/cashier/pay", out_trade_no=number, late=True)
    assert shop.deliver().status == 200
    shop.drain()
    assert shop.deliver().status == 200
    shop.drain()

    # Then it was booked apart and went back, and the order is still closed
    view = ann.order(order).body
    assert (view["state"], view["captured_fen"], view["refunded_fen"]) == ("CLOSED", 0, 0)
    assert [(r["reason"], r["amount_fen"], r["status"]) for r in view["refunds"]] == [
        ("LATE_PAYMENT", 10_000, "SUCCEEDED")
    ]
    assert kinds(shop) == ["refund_succeeded", "unexpected_payment_received", "unexpected_receipt_returned"]
    assert channel_refunds(shop) == [(number, 10_000, "SUCCESS")]
    assert recharges(shop) == []
    assert nets(shop) == {}
    assert_settled(shop)


def test_lost_payment_callback_is_found_by_query(shop: Shop, ann: Customer) -> None:
    # Given a payment whose callback never comes
    shop.world.wechat.misbehave("payment_notice", "lose")
    order = ann.place(10_000)
    number = ann.start_paying(order)
    shop.world.wechat.post("/cashier/pay", out_trade_no=number)

    # When the first active query is due
    shop.clock.move(seconds=59)
    shop.sweep()
    assert ann.state(order) == "PAYING"
    shop.clock.move(seconds=1)
    shop.sweep()

    # Then the payment is proven and the card recharged
    assert ann.state(order) == "RECHARGING"
    shop.deliver()
    shop.drain()
    timeline = ann.order(order).body["timeline"]
    assert timeline[2]["because"].startswith("query:4200")
    assert timeline[-1]["event"] == "OrderSucceeded"
    assert nets(shop) == {"CHANNEL_RECEIVABLE:WECHAT": 10_000, "ISSUER_PAYABLE:SINOPEC": -10_000}
    assert_settled(shop)


def test_lost_payment_callback_is_found_when_the_order_expires(shop: Shop, ann: Customer) -> None:
    # Given a customer who pays in the last moment, unheard
    shop.world.wechat.misbehave("payment_notice", "lose")
    order = ann.place(10_000)
    number = ann.start_paying(order)
    shop.clock.move(seconds=900)
    shop.world.wechat.post("/cashier/pay", out_trade_no=number)

    # When the order is to be closed
    shop.sweep()

    # Then the payment wins
    assert ann.state(order) == "RECHARGING"
    shop.deliver()
    shop.drain()
    assert ann.state(order) == "SUCCEEDED"
    assert_settled(shop)


def test_lost_issuer_answer_is_found_by_query_and_the_card_recharged_once(shop: Shop, ann: Customer) -> None:
    # Given a submit that takes effect, whose answer is lost, and a callback that never comes
    shop.world.issuer.misbehave("submit", "drop_after", count=1)
    shop.world.issuer.misbehave("recharge_notice", "lose")
    order = ann.place(10_000)
    shop.world.wechat.post("/cashier/pay", out_trade_no=ann.start_paying(order))
    shop.deliver()
    shop.drain()
    assert ann.state(order) == "RECHARGING"
    assert shop.signals.named("RechargeUnknown")

    # When the compensation query is due
    while due(shop):
        shop.clock.move(seconds=60)
        shop.sweep()

    # Then the outcome is known, and the issuer holds one recharge only
    assert ann.state(order) == "SUCCEEDED"
    assert ann.order(order).body["timeline"][-1]["because"].startswith("query:S")
    assert [r["game_state"] for r in recharges(shop)] == ["1"]
    assert nets(shop) == {"CHANNEL_RECEIVABLE:WECHAT": 10_000, "ISSUER_PAYABLE:SINOPEC": -10_000}
    assert_settled(shop)


def test_lost_issuer_callback_is_found_by_query(shop: Shop, ann: Customer) -> None:
    # Given a running recharge whose callback never comes
    shop.world.issuer.misbehave("recharge_notice", "lose")
    order = ann.place(10_000)
    shop.world.wechat.post("/cashier/pay", out_trade_no=ann.start_paying(order))
    shop.deliver()
    shop.drain()

    # When
    while due(shop):
        shop.clock.move(seconds=60)
        shop.sweep()

    # Then
    assert ann.state(order) == "SUCCEEDED"
    assert_settled(shop)


def test_a_petrochina_card_is_booked_to_its_own_issuer(shop: Shop, ann: Customer) -> None:
    # Given a second card of another issuer
    ann.card_id = ann.bind("9012345678901234")

    # When it is topped up
    order = ann.place(3_000)
    shop.world.wechat.post("/cashier/pay", out_trade_no=ann.start_paying(order))
    shop.deliver()
    shop.drain()
    shop.deliver()
    shop.drain()

    # Then
    assert nets(shop) == {"CHANNEL_RECEIVABLE:WECHAT": 3_000, "ISSUER_PAYABLE:PETROCHINA": -3_000}
    assert_settled(shop)
