"""An order that must be reviewed is held however it was paid, and however that was found out (OR10, RK2)."""

import pytest

from flow.books import assert_books_agree, nets, recharges
from flow.closing import open_early
from flow.customers import Customer, new_staff
from flow.finance_plays import repaired
from flow.moves import sweep_after
from flow.test_risk import publish
from flow.tills import ALIPAY, TILLS, WECHAT, Till
from octane.identity.step_ups import Operation
from octane.kernel.caller import Role
from octane.ledger.accounts import wallet
from world.shop import Shop

LARGE = 250_000
HELD = "REVIEW_HELD"


@pytest.fixture(params=TILLS, ids=lambda till: till.channel.value)
def till(request: pytest.FixtureRequest) -> Till:
    chosen: Till = request.param
    return chosen


def start(ann: Customer, till: Till, amount: int = LARGE) -> str:
    """Place a large order and start its payment; return the out_trade_no."""
    answer = ann.pay(ann.place(amount), till.method)
    assert answer.status == 200, answer
    return str(answer.body["payment"]["out_trade_no"])


def unheard(shop: Shop, ann: Customer, till: Till) -> str:
    """The same, paid, and nobody told us; return the order's id."""
    till.misbehave(shop, "lose", "payment_notice")
    number = start(ann, till)
    till.pay(shop, number)
    return number[:26]


def assert_held(shop: Shop, ann: Customer, order: str, account: str, amount: int = LARGE) -> None:
    """Its money stands apart, nothing went to the issuer, and a review is open."""
    shop.drain()
    assert ann.state(order) == "REVIEWING"
    assert (nets(shop)[account], nets(shop)[HELD]) == (amount, -amount)
    assert recharges(shop) == []
    assert shop.wiring.reviews.runs == {order}
    assert_books_agree(shop)


def test_the_channel_tells(shop: Shop, ann: Customer, till: Till) -> None:
    number = start(ann, till)
    till.pay(shop, number)
    assert shop.deliver().status == 200
    assert_held(shop, ann, number[:26], till.receivable)


def test_the_schedule_asks(shop: Shop, ann: Customer, till: Till) -> None:
    order = unheard(shop, ann, till)
    sweep_after(shop, 60)
    assert_held(shop, ann, order, till.receivable)


def test_a_cancel_finds_it_paid(shop: Shop, ann: Customer, till: Till) -> None:
    order = unheard(shop, ann, till)
    ann.post(f"/orders/{order}/cancel")
    assert_held(shop, ann, order, till.receivable)


def test_another_way_to_pay_finds_it_paid(shop: Shop, ann: Customer) -> None:
    order = unheard(shop, ann, WECHAT)
    assert ann.pay(order, ALIPAY.method).code == "ORDER_STATE"
    assert_held(shop, ann, order, WECHAT.receivable)


def test_the_quick_call(shop: Shop, ann: Customer, till: Till) -> None:
    body = {"userId": ann.user_id, "amount": LARGE // 100, "paymentMethod": till.method}
    payment = ann.post("/payments/create", body).body["payment"]
    till.pay(shop, payment["out_trade_no"])
    assert shop.deliver().status == 200
    assert_held(shop, ann, payment["out_trade_no"][:26], till.receivable)


def test_the_bill_shows_it(shop: Shop, ann: Customer) -> None:
    open_early(shop)
    order = unheard(shop, ann, ALIPAY)
    assert repaired(shop, "ALIPAY") == 1
    assert_held(shop, ann, order, ALIPAY.receivable)


def filled(shop: Shop, ann: Customer) -> None:
    """Enough on the balance, from top-ups of which none is large."""
    for amount in (200_000, 50_000):
        ann.top_up_wallet(amount)


def test_the_balance_pays(shop: Shop, ann: Customer) -> None:
    filled(shop, ann)
    order = ann.place(LARGE)
    step_up = ann.passed(Operation.PAY_FROM_WALLET, order, LARGE)
    answer = ann.post(f"/orders/{order}/pay", {"method": "WALLET_BALANCE"}, step_up=step_up)
    assert answer.body["order"]["state"] == "REVIEWING"
    assert wallet(ann.user_id) not in nets(shop)
    assert_held(shop, ann, order, WECHAT.receivable)


def test_both_pay(shop: Shop, ann: Customer) -> None:
    filled(shop, ann)
    order = ann.place(LARGE)
    body = {"method": WECHAT.method, "wallet_fen": 10_000}
    number = ann.post(f"/orders/{order}/pay", body).body["payment"]["out_trade_no"]
    WECHAT.pay(shop, number)
    assert shop.deliver().status == 200
    shop.drain()
    assert ann.state(order) == "REVIEWING"
    assert ann.wallet() == (LARGE - 10_000, 0)
    assert nets(shop)[HELD] == -LARGE


def test_the_quick_call_from_the_balance(shop: Shop, ann: Customer) -> None:
    """Too small for a password, and held by the rules."""
    ann.top_up_wallet(8_000)
    publish(new_staff(shop, Role.RISK), "HOLD", 5_000)
    body = {"userId": ann.user_id, "amount": 50, "paymentMethod": "WALLET_BALANCE"}
    answer = ann.post("/payments/create", body)
    assert answer.body["order"]["state"] == "REVIEWING"
    shop.drain()
    assert nets(shop)[HELD] == -5_000
