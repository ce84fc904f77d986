"""The demo's last word is worth something only if each difference is found."""

from collections.abc import Callable
from typing import Any

import pytest

from demo.books import OtherBooks, alipay_books, compare, unionpay_books, wechat_books
from octane.kernel.clock import Instant
from octane.kernel.money import Fen
from octane.ledger import topup
from octane.ledger.accounts import COUPON_EXPENSE, biller_payable, channel_receivable, wallet
from octane.ledger.entries import Entry, Leg

NOW = Instant(1_795_320_000_000)
SIDES = dict[str, Any]


def paid(order: str, parts: dict[str, int]) -> Entry:
    fen = {account: Fen(amount) for account, amount in parts.items()}
    return topup.payment_received(order, f"{order}P01", fen, NOW, NOW, "proof")


@pytest.fixture
def sides() -> SIDES:
    """What everybody's books say after some payments, one in two parts and two with a coupon, and refunds."""
    entries = [
        paid("A", {channel_receivable("WECHAT"): 300, wallet("U1"): 50}),
        paid("B", {channel_receivable("ALIPAY"): 200}),
        paid("C", {channel_receivable("UNIONPAY"): 100}),
        topup.wallet_credited("C", wallet("U1"), Fen(100), NOW),
        topup.recharge_succeeded("A", "ISSUER_PAYABLE:SINOPEC", Fen(350), NOW, "proof"),
        topup.recharge_failed("B", "BF01", Fen(200), NOW, "refused"),
        topup.refund_succeeded("B", "BF01", channel_receivable("ALIPAY"), Fen(200), NOW, NOW, "proof"),
        paid("E", {wallet("U1"): 30, COUPON_EXPENSE: 20}),
        topup.recharge_succeeded("E", biller_payable("WATER"), Fen(50), NOW, "proof"),
        paid("G", {wallet("U1"): 10, COUPON_EXPENSE: 5}),
        topup.recharge_failed("G", "GF01", Fen(10), NOW, "refused", Fen(5)),
        topup.refund_succeeded("G", "GF01", wallet("U1"), Fen(10), NOW, NOW, "proof"),
    ]
    return {
        "entries": entries,
        "wechat": {"trades": [{"out_trade_no": "AP01", "captured_fen": 300}], "refunds": []},
        "alipay": {
            "trades": [
                {"out_trade_no": "BP01", "captured_fen": 200},
                {"out_trade_no": "X", "captured_fen": 0},
            ],
            "refunds": [{"out_request_no": "BF01", "refund_fen": 200, "status": "SUCCESS"}],
        },
        "unionpay": {
            "trades": [{"orderId": "CP01", "captured_fen": 100}],
            "refunds": [{"orderId": "CF01", "refund_fen": 100, "origRespCode": "05"}],
        },
        "issuer": {"recharges": [{"uorderid": "AR01", "amount_fen": 350, "game_state": "1"}]},
        "billers": {
            "payments": [
                {"biller": "WATER", "order_no": "ER01", "amount": 50, "state": "PAID"},
                {"biller": "WATER", "order_no": "GR01", "amount": 15, "state": "REFUSED"},
            ]
        },
        "wallets": {wallet("U1"): 20, wallet("U2"): 0},
        "coupons": {"E": 20},
    }


def differences(sides: SIDES) -> list[str]:
    channels = {
        "WECHAT": wechat_books(sides["wechat"]),
        "ALIPAY": alipay_books(sides["alipay"]),
        "UNIONPAY": unionpay_books(sides["unionpay"]),
    }
    others = OtherBooks(channels, *(sides[name] for name in ("issuer", "billers", "wallets", "coupons")))
    found = compare(sides["entries"], others)
    matches = (
        found.channel_books_match,
        found.issuer_books_match,
        found.biller_books_match,
        found.wallets_match,
        found.coupons_match,
    )
    assert matches.count(False) == min(len(found.differences), 1)
    return found.differences


def test_books_that_agree_have_no_difference(sides: SIDES) -> None:
    assert differences(sides) == []


def _fen(sides: SIDES, side: str, kind: str, name: str) -> None:
    sides[side][kind][0][name] += 1


WRONG: dict[str, Callable[[SIDES], None]] = {
    "WECHAT captured AP01": lambda sides: _fen(sides, "wechat", "trades", "captured_fen"),
    "ALIPAY captured BP01": lambda sides: _fen(sides, "alipay", "trades", "captured_fen"),
    "ALIPAY refunded BF01": lambda sides: _fen(sides, "alipay", "refunds", "refund_fen"),
    "UNIONPAY captured CP01": lambda sides: _fen(sides, "unionpay", "trades", "captured_fen"),
    "UNIONPAY refunded CF01": lambda sides: sides["unionpay"]["refunds"][0].update(origRespCode="00"),
    "recharged AR01": lambda sides: _fen(sides, "issuer", "recharges", "amount_fen"),
    "paid at WATER ER01": lambda sides: _fen(sides, "billers", "payments", "amount"),
    "paid at WATER GR01": lambda sides: sides["billers"]["payments"][1].update(state="PAID"),
    "paid at GAS ER01": lambda sides: sides["billers"]["payments"][0].update(biller="GAS"),
    "coupons of E": lambda sides: sides["coupons"].update(E=19),
    "coupons of G": lambda sides: sides["coupons"].update(G=5),
    "wallet WALLET:U1": lambda sides: sides["wallets"].update({wallet("U1"): 49}),
    "wallet WALLET:U2": lambda sides: sides["wallets"].update({wallet("U2"): 1}),
}


@pytest.mark.parametrize("what", WRONG)
def test_each_difference_is_named(what: str, sides: SIDES) -> None:
    WRONG[what](sides)
    assert differences(sides)[0].startswith(f"{what}: they say")


def test_money_at_a_channel_that_nobody_compares_is_not_overlooked(sides: SIDES) -> None:
    legs = (Leg(channel_receivable("GIFT"), 5), Leg("CUSTOMER_ADVANCE", -5))
    sides["entries"].append(Entry("D", "payment_received", "DP01", legs, NOW, NOW))
    assert differences(sides) == ["GIFT: the ledger knows a channel whose books nobody has"]
