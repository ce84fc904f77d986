"""Genuine notices that speak of what is not theirs: of another channel's attempt, or at another channel's
address. Who holds one channel's key must not be able to book with another's money."""

import pytest

from flow.books import assert_settled, nothing_written
from flow.customers import Customer
from flow.moves import finish, refunds_arrive
from flow.notices import (
    ALIPAY,
    PAYMENTS,
    REFUNDS,
    UNIONPAY,
    UNIONPAY_REFUNDS,
    AlipayForger,
    Forger,
    UnionPayForger,
    hand_over,
    take,
)
from flow.tills import TILLS, Till, given_back
from world.inbox import Letter
from world.shop import Shop

ADDRESSES = {"WECHAT": PAYMENTS, "ALIPAY": ALIPAY, "UNIONPAY": UNIONPAY}
PAIRS = [(one, other) for one in TILLS for other in TILLS if one is not other]


def named(pair: object) -> str:
    return pair.channel.value if isinstance(pair, Till) else str(pair)


@pytest.fixture
def write(forger: Forger, alipay: AlipayForger, unionpay: UnionPayForger) -> "Desk":
    return Desk(forger, alipay, unionpay)


class Desk:
    """Everybody who holds a channel's key."""

    def __init__(self, wechat: Forger, alipay: AlipayForger, unionpay: UnionPayForger) -> None:
        self._wechat, self._alipay, self._unionpay = wechat, alipay, unionpay

    def payment(self, till: Till, number: str, fen: int) -> Letter:
        """A payment's notice that the till's own company has signed."""
        match till.channel:
            case "WECHAT":
                return self._wechat.payment(number, fen)
            case "ALIPAY":
                return self._alipay.payment(number, f"{fen // 100}.{fen % 100:02d}")
            case _:
                return self._unionpay.payment(number, fen)

    def refund(self, till: Till, refund_no: str, number: str, fen: int) -> Letter:
        if till.channel == "WECHAT":
            return self._wechat.refund(refund_no, number, fen)
        return self._unionpay.refund(refund_no, number, fen)


def start(ann: Customer, till: Till, **more: object) -> str:
    answer = ann.choose(ann.place(), method=till.method, **more)
    return str(answer.body["payment"]["out_trade_no"])


@pytest.mark.parametrize("till", TILLS, ids=named)
def test_the_channels_own_notice_is_believed(shop: Shop, ann: Customer, write: Desk, till: Till) -> None:
    """So that the refusals below are for what they say."""
    assert hand_over(shop, write.payment(till, start(ann, till), 10_000)).status == 200


@pytest.mark.parametrize(("teller", "till"), PAIRS, ids=named)
def test_a_channel_that_tells_of_anothers_attempt(
    shop: Shop, ann: Customer, write: Desk, teller: Till, till: Till
) -> None:
    # Given a payment that waits at one channel
    number = start(ann, till)

    # When another one says, truly signed, that it was paid there
    with nothing_written(shop):
        answer = hand_over(shop, write.payment(teller, number, 10_000))

    # Then it is refused as its sender understands, and the true payment goes on
    assert answer.status == 403
    assert answer.body != "success"
    till.pay(shop, number)
    assert shop.deliver().status == 200
    finish(shop)
    assert_settled(shop)


@pytest.mark.parametrize(("teller", "till"), PAIRS, ids=named)
def test_a_true_notice_at_another_channels_address(
    shop: Shop, ann: Customer, teller: Till, till: Till
) -> None:
    # Given
    number = start(ann, teller)
    teller.pay(shop, number)
    letter = take(shop)

    # When
    with nothing_written(shop):
        answer = hand_over(shop, Letter(ADDRESSES[till.channel], letter.headers, letter.body))

    # Then
    assert answer.status in {400, 401}
    assert answer.body != "success"
    assert shop.answer(letter).status == 200


@pytest.mark.parametrize("paid_first", [False, True])
def test_a_wallet_payment_is_told_by_nobody(shop: Shop, ann: Customer, write: Desk, paid_first: bool) -> None:
    # Given an order that the balance has paid
    ann.top_up_wallet(10_000)
    order = ann.place()
    if paid_first:
        number = f"{start(ann, TILLS[0])}"
        order = number[:26]
    ann.pay(order, "WALLET_BALANCE")
    attempt = f"{order}P02" if paid_first else f"{order}P01"

    # When / Then
    for till in TILLS:
        with nothing_written(shop):
            assert hand_over(shop, write.payment(till, attempt, 10_000)).status == 403


@pytest.mark.parametrize(("teller", "till"), [(TILLS[0], TILLS[2]), (TILLS[2], TILLS[0])], ids=named)
def test_a_channel_that_tells_of_anothers_refund(
    shop: Shop, ann: Customer, write: Desk, teller: Till, till: Till
) -> None:
    # Given a refund under way at one channel
    shop.world.issuer.misbehave("submit", "refuse", count=1, code="208703")
    number = start(ann, till)
    till.pay(shop, number)
    shop.deliver()
    shop.drain()

    # When another one says that it was done there
    with nothing_written(shop):
        letter = write.refund(teller, f"{number[:26]}F01", number, 10_000)
        answer = hand_over(shop, letter)

    # Then
    assert answer.status == 403
    assert letter.path == (REFUNDS if teller is TILLS[0] else UNIONPAY_REFUNDS)
    refunds_arrive(shop)
    assert given_back(shop) == [(till.channel, 10_000)]
    assert_settled(shop)


@pytest.mark.parametrize("till", [TILLS[0], TILLS[2]], ids=named)
def test_no_channel_tells_of_the_balances_part(shop: Shop, ann: Customer, write: Desk, till: Till) -> None:
    # Given a combined payment whose parts are owed back, and not yet returned
    ann.top_up_wallet(5_000)
    shop.world.issuer.misbehave("submit", "refuse", count=1, code="208703")
    number = start(ann, till, wallet_fen=3_000)
    till.pay(shop, number)
    shop.deliver()
    while ann.state(number[:26]) != "FAILED":
        assert shop._relay() or any(shop._work(queue) for queue in shop.wiring.lists.messages)

    # When the channel says that the balance's part arrived
    with nothing_written(shop):
        answer = hand_over(shop, write.refund(till, f"{number[:26]}F02", number, 3_000))

    # Then nothing is credited by it
    assert answer.status == 403
    refunds_arrive(shop)
    assert ann.wallet() == (5_000, 0)
    assert_settled(shop)
