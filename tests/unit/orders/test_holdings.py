"""What an order holds besides money goes with every step of it (PY4, OR9): coupons, bills, plans, and our
expense for them."""

import pytest
from unit.orders.house import ONE, PLAN, TWO, House, bills, card
from unit.orders.house import REFUSED as NO

from octane.billers.names import Biller
from octane.channels.port import PaymentMethod
from octane.coupons.holding import CouponNotAvailableError, CouponState
from octane.kernel.caller import Caller, Role
from octane.kernel.errors import StateError
from octane.orders.due import settle_due
from octane.orders.recharge import start_recharge
from octane.orders.records import load
from octane.orders.refund import RefundExceedsCapturedError, grant_refund, send_refunds
from octane.orders.review import expire, give_back, release
from octane.orders.states import OrderState

HOUR = 3_600_000
STAFF = Caller("U" + "S" * 25, Role.OPERATOR, "session")


def test_what_is_placed_is_held_by_one_order(house: House) -> None:
    # Given
    house.gets_coupon()
    order = house.place(bills(("B1", 6_000), ("B2", 4_000), coupon_ids=(ONE,))).order

    # Then
    assert (order.amount, order.discount, order.payable) == (10_000, 500, 9_500)
    assert (house.coupon().state, house.coupon().order_id) == (CouponState.HELD, order.order_id)
    assert house.holder("B1") == house.holder("B2") == order.order_id
    for wanted in (bills(("B3", 100), coupon_ids=(ONE,)), bills(("B2", 4_000))):
        with pytest.raises(StateError):
            house.place(wanted, "key-0002")
    assert house.holder("B3") == ""


@pytest.mark.parametrize("method", [PaymentMethod.WECHAT_JSAPI, PaymentMethod.WALLET_BALANCE])
def test_paid_and_delivered(house: House, method: PaymentMethod) -> None:
    # Given
    house.fill_wallet(50_000)
    house.gets_coupon()
    order_id = house.place(bills(("B1", 6_000), ("B2", 4_000), coupon_ids=(ONE,))).order.order_id

    # When the customer pays what the coupon leaves
    started = house.start(order_id, method=method)
    assert started.attempt.amount + started.attempt.wallet == 9_500
    if method is PaymentMethod.WECHAT_JSAPI:
        house.pay(order_id, 9_500)
    assert house.coupon().state is CouponState.REDEEMED
    assert house.holder("B1") == order_id
    start_recharge(house, order_id)  # type: ignore[arg-type]

    # Then the biller has all of it, and nothing is held
    assert house.order(order_id).state is OrderState.SUCCEEDED
    assert (house.holder("B1"), house.holder("B2")) == ("", "")
    assert house.coupon().state is CouponState.REDEEMED
    giver = "CHANNEL_RECEIVABLE:WECHAT"
    giver = giver if method is PaymentMethod.WECHAT_JSAPI else f"WALLET:{house.ann.user_id}"
    assert house.nets() == {giver: 9_500, "COUPON_EXPENSE": 500, "BILLER_PAYABLE:ELECTRICITY": -10_000}


def test_a_routed_payment_is_of_what_is_paid(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A channel's limits are for what it collects."""
    house.gets_coupon()
    house.fill_wallet(3_000)
    order_id = house.place(card(10_000, ONE)).order.order_id
    asked, decide = [], house.router.decide
    monkeypatch.setattr(house.router, "decide", lambda request: asked.append(request) or decide(request))
    house.start(order_id, platform="MINI_PROGRAM", part=3_000)
    assert asked[0].amount == 6_500


def test_part_of_it_from_the_wallet(house: House) -> None:
    house.fill_wallet(3_000)
    house.gets_coupon()
    order_id = house.place(card(10_000, ONE)).order.order_id
    assert house.start(order_id, part=3_000).attempt.amount == 6_500
    house.pay(order_id, 6_500)
    start_recharge(house, order_id)  # type: ignore[arg-type]
    assert house.issuer.recharged[0].amount == 10_000
    assert house.nets() == {
        "CHANNEL_RECEIVABLE:WECHAT": 6_500,
        f"WALLET:{house.ann.user_id}": 3_000,
        "COUPON_EXPENSE": 500,
        "ISSUER_PAYABLE:SINOPEC": -10_000,
    }


def test_never_paid(house: House) -> None:
    """Closed before anybody tried to pay, or after: as it was before."""
    for key, try_it in (("key-0001", False), ("key-0002", True)):
        # Given
        house.gets_coupon()
        order_id = house.place(bills(("B1", 6_000), coupon_ids=(ONE,)), key).order.order_id
        if try_it:
            house.start(order_id)

        # When
        house.clock.at += HOUR
        settle_due(house, order_id)  # type: ignore[arg-type]

        # Then
        assert house.order(order_id).state is OrderState.CLOSED
        assert (house.coupon().state, house.coupon().order_id) == (CouponState.AVAILABLE, "")
        assert house.holder("B1") == ""
        assert house.nets() == {}
        house.clock.at -= HOUR


def test_the_biller_refuses(house: House) -> None:
    # Given
    house.gets_coupon()
    house.billers[Biller.ELECTRICITY].answers = [NO]
    order_id = house.paid(bills(("B1", 6_000), coupon_ids=(ONE,)))

    # When
    start_recharge(house, order_id)  # type: ignore[arg-type]
    send_refunds(house, order_id, 1)  # type: ignore[arg-type]

    # Then the customer has their money, and the coupon back, and nobody the difference
    order = house.order(order_id)
    assert (order.state, order.reason) == (OrderState.FAILED, "BILLER_NOTHING_OWED")
    assert (order.captured, order.refunding, order.refunded) == (5_500, 5_500, 5_500)
    assert [refund.amount for refund in house.till.refunds] == [5_500]
    assert house.coupon().state is CouponState.RETURNED
    assert house.holder("B1") == ""
    assert house.nets() == {}
    assert house.entries(order_id) == ["payment_received", "recharge_failed", "refund_succeeded"]


@pytest.mark.parametrize("end", ["go", "refused", "expired"])
def test_a_review_ends(house: House, end: str) -> None:
    # Given an order above the limit: `amount` counts, not what is paid
    house.gets_coupon(value=1_000)
    order_id = house.paid(bills(("B1", 200_500), coupon_ids=(ONE,)))
    assert house.order(order_id).state is OrderState.REVIEWING
    assert house.nets()["REVIEW_HELD"] == -200_500
    assert house.coupon().state is CouponState.REDEEMED

    # When
    dossier, now = load(house.store, order_id), house.clock.now()
    match end:
        case "go":
            house.store.commit(*release(house, dossier.order, "checked", now))  # type: ignore[arg-type]
            start_recharge(house, order_id)  # type: ignore[arg-type]
        case "refused":
            house.store.commit(*give_back(dossier, "REVIEW_REFUSED", "staff", now))
        case _:
            house.store.commit(*expire(dossier, now))

    # Then
    order, nets = house.order(order_id), house.nets()
    assert "REVIEW_HELD" not in nets
    assert house.holder("B1") == ""
    if end == "go":
        assert (order.state, house.coupon().state) == (OrderState.SUCCEEDED, CouponState.REDEEMED)
        assert (nets["COUPON_EXPENSE"], nets["BILLER_PAYABLE:ELECTRICITY"]) == (1_000, -200_500)
    else:
        assert (order.state, house.coupon().state) == (OrderState.FAILED, CouponState.RETURNED)
        assert nets == {"CHANNEL_RECEIVABLE:WECHAT": 199_500, "REFUND_PAYABLE": -199_500}


def test_money_that_the_order_cannot_use_moves_no_coupon(house: House) -> None:
    # Given a delivered order, its coupon used
    house.gets_coupon()
    order_id = house.place(card(10_000, ONE)).order.order_id
    house.start(order_id)
    house.start(order_id, method=PaymentMethod.WECHAT_NATIVE)  # the first attempt is closed for it
    house.pay(order_id, 9_500, no=2)

    # When the channel says that the first was paid too
    house.pay(order_id, 9_500, no=1)

    # Then
    assert house.coupon().state is CouponState.REDEEMED
    assert house.nets()["COUPON_EXPENSE"] == 500
    assert house.nets()["CUSTOMER_ADVANCE"] == -10_000


def test_late_money_of_a_closed_order_takes_no_coupon(house: House) -> None:
    # Given a coupon that was released, and is held by another order since
    house.gets_coupon()
    order_id = house.place(card(10_000, ONE)).order.order_id
    house.start(order_id)
    house.clock.at += HOUR // 2
    settle_due(house, order_id)  # type: ignore[arg-type]
    other = house.place(card(10_000, ONE), "key-0002").order.order_id

    # When
    house.pay(order_id, 9_500)

    # Then
    assert house.order(order_id).state is OrderState.CLOSED
    assert (house.coupon().state, house.coupon().order_id) == (CouponState.HELD, other)
    assert "COUPON_EXPENSE" not in house.nets()


def test_another_amount_ends_the_order_and_releases(house: House) -> None:
    """Who pays the whole amount, as if there were no coupon, gets it back; the coupon too."""
    house.gets_coupon()
    order_id = house.place(bills(("B1", 6_000), coupon_ids=(ONE,))).order.order_id
    house.start(order_id)
    house.pay(order_id, 6_000)
    order = house.order(order_id)
    assert (order.state, order.reason) == (OrderState.CLOSED, "AMOUNT_MISMATCH")
    assert house.coupon().state is CouponState.AVAILABLE
    assert house.holder("B1") == ""
    assert "COUPON_EXPENSE" not in house.nets()


def test_staff_refund_what_was_paid_and_no_coupon(house: House) -> None:
    house.gets_coupon()
    order_id = house.paid(card(10_000, ONE))
    start_recharge(house, order_id)  # type: ignore[arg-type]
    with pytest.raises(RefundExceedsCapturedError):
        grant_refund(house, STAFF, order_id, 9_501, "wrong card", "key-0009")  # type: ignore[arg-type]
    grant_refund(house, STAFF, order_id, 9_500, "wrong card", "key-0010")  # type: ignore[arg-type]
    assert house.coupon().state is CouponState.REDEEMED
    assert house.nets()["COUPON_EXPENSE"] == 500
    assert house.nets()["REFUND_EXPENSE"] == 9_500


def test_a_coupon_whose_time_ended_while_we_failed_can_be_used_again(house: House) -> None:
    # Given an order that was paid in the coupon's time, and delivered after it
    house.gets_coupon(valid_until=house.clock.at + 1)
    order_id = house.paid(card(10_000, ONE))
    house.clock.at += HOUR
    house.issuer.answers = [NO]

    # When
    start_recharge(house, order_id)  # type: ignore[arg-type]

    # Then
    assert house.coupon().state is CouponState.RETURNED
    assert house.place(card(10_000, ONE), "key-0002").order.discount == 500


def test_a_coupon_that_went_back_does_not_come_back_twice(house: House) -> None:
    house.gets_coupon(returns=False)
    house.issuer.answers = [NO]
    start_recharge(house, house.paid(card(10_000, ONE)))  # type: ignore[arg-type]
    assert house.coupon().state is CouponState.RETURNED
    with pytest.raises(CouponNotAvailableError):
        house.place(card(10_000, ONE), "key-0002")


def test_instalments(house: House) -> None:
    # Given two of three instalments in one order
    house.has_plan()
    order = house.place(bills(plan_id=PLAN, instalments=2)).order
    assert (order.amount, order.bills) == (8_000, "B1=8000")
    assert house.plan()["order_id"] == order.order_id

    # When
    house.start(order.order_id)
    house.pay(order.order_id, 8_000)
    start_recharge(house, order.order_id)  # type: ignore[arg-type]

    # Then
    assert house.plan()["paid"] == 2
    assert "order_id" not in house.plan()
    assert house.place(bills(plan_id=PLAN, instalments=1), "key-0002").order.amount == 4_000


def test_an_instalment_that_is_refused_is_owed_still(house: House) -> None:
    house.has_plan()
    house.billers[Biller.ELECTRICITY].answers = [NO]
    start_recharge(house, house.paid(bills(plan_id=PLAN, instalments=1)))  # type: ignore[arg-type]
    assert (house.plan()["paid"], house.plan()["failure"]) == (0, "BILLER_NOTHING_OWED")
    assert "order_id" not in house.plan()


def test_two_coupons_of_one_order_go_together(house: House) -> None:
    house.gets_coupon()
    house.gets_coupon(TWO, discount="PERCENT", value=10)
    order_id = house.paid(card(10_000, ONE, TWO))
    assert house.order(order_id).discount == 1_500
    assert {house.coupon(ONE).state, house.coupon(TWO).state} == {CouponState.REDEEMED}
