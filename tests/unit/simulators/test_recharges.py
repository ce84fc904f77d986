"""The issuer's books as a pure state machine: a card is credited at most once per order number (FU3)."""

from random import SystemRandom

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.issuer.recharges import DEPOSIT_FEN, Code, RechargeBooks, State, parse_order
from simulators.protocol import RefusedError

SINOPEC_CARD = "1000111234567890123"
PETROCHINA_CARD = "9012345678901234"
START = 1_770_000_000_000


class Desk:
    """Books with a clock that the test moves."""

    def __init__(self) -> None:
        self.at = START
        self.books = RechargeBooks(lambda: self.at, SystemRandom())
        self.books.callback_url = "http://127.0.0.1/c"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def order(**more: str) -> dict[str, str]:
    return {
        "orderid": "ORDER00001R01",
        "proid": "10007",
        "cardnum": "50",
        "game_userid": SINOPEC_CARD,
        "chargeType": "1",
        **more,
    }


@pytest.mark.parametrize(
    ("more", "fen"),
    [
        ({"cardnum": "50"}, 5_000),
        ({"cardnum": "0.01"}, 1),
        ({"cardnum": "19.5"}, 1_950),
        ({"cardnum": "1234.56"}, 123_456),
        ({"proid": "10001", "cardnum": "2"}, 20_000),
        ({"proid": "10008", "chargeType": "2", "game_userid": PETROCHINA_CARD}, 5_000),
    ],
)
def test_amounts_are_read_exactly(more: dict[str, str], fen: int) -> None:
    assert parse_order(order(**more)).amount_fen == fen


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"orderid": "short"}, Code.WRONG_ORDER_NUMBER),
        ({"proid": "99999"}, Code.WRONG_PRODUCT),
        ({"chargeType": "2"}, Code.WRONG_PRODUCT),
        ({"game_userid": PETROCHINA_CARD}, Code.WRONG_CARD),
        ({"game_userid": SINOPEC_CARD[:-1]}, Code.WRONG_CARD),
        ({"game_userid": "1000121234567890123"}, Code.WRONG_CARD),
        ({"cardnum": "0"}, Code.WRONG_AMOUNT),
        ({"cardnum": "1.234"}, Code.WRONG_AMOUNT),
        ({"cardnum": "-5"}, Code.WRONG_AMOUNT),
        ({"proid": "10001", "cardnum": "0.5"}, Code.WRONG_AMOUNT),
    ],
)
def test_what_the_issuer_does_not_take(more: dict[str, str], code: Code) -> None:
    with pytest.raises(RefusedError) as raised:
        parse_order(order(**more))
    assert raised.value.code == str(int(code))


def test_a_recharge_runs_then_succeeds_and_is_told(desk: Desk) -> None:
    recharge = desk.books.submit(parse_order(order()))
    assert (recharge.state, desk.books.settle()) == (State.RUNNING, START + desk.books.recharge_ms)
    desk.at += desk.books.recharge_ms
    desk.books.settle()
    [notice] = desk.books.take_notices()
    assert (notice.content["orderid"], notice.content["sta"]) == ("ORDER00001R01", "1")
    assert desk.books.totals()["recharged_fen"] == 5_000


def test_the_same_order_number_is_never_taken_twice(desk: Desk) -> None:
    desk.books.submit(parse_order(order()), fail="card frozen")
    desk.at += desk.books.recharge_ms
    desk.books.settle()
    assert desk.books.find("ORDER00001R01").state is State.REVOKED
    with pytest.raises(RefusedError, match=str(int(Code.ORDER_NUMBER_USED))):
        desk.books.submit(parse_order(order()))
    assert desk.books.totals()["balance_fen"] == DEPOSIT_FEN


def test_a_recharge_that_stays_ends_when_it_is_told_to(desk: Desk) -> None:
    desk.books.submit(parse_order(order()), stay=True)
    desk.at += 10**9
    assert desk.books.settle() is None
    desk.books.end("ORDER00001R01", State.SUCCEEDED, "")
    with pytest.raises(RefusedError):
        desk.books.end("ORDER00001R01", State.REVOKED, "")
    assert desk.books.totals()["recharged_fen"] == 5_000


def test_an_empty_deposit_refuses(desk: Desk) -> None:
    desk.books.balance_fen = 4_999
    with pytest.raises(RefusedError, match=str(int(Code.BALANCE_TOO_LOW))):
        desk.books.submit(parse_order(order()))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 999), st.booleans(), st.booleans()), max_size=12))
def test_the_deposit_is_what_was_not_recharged(tries: list[tuple[int, int, bool, bool]]) -> None:
    desk = Desk()
    taken = set()
    for number, yuan, stay, fail in tries:
        asked = parse_order(order(orderid=f"ORDER0000{number}R01", cardnum=str(yuan)))
        try:
            desk.books.submit(asked, stay, "no" if fail else None)
        except RefusedError:
            assert number in taken
        taken.add(number)
        desk.at += 200
        desk.books.settle()
        totals = desk.books.totals()
        assert totals["balance_fen"] + totals["recharged_fen"] + totals["running_fen"] == DEPOSIT_FEN
