"""The channels as a customer and an accountant see them: one way to pay each, one shape of their books."""

from typing import Any, NamedTuple

from octane.channels.port import ChannelName, PaymentMethod
from simulators.client import Control
from world.shop import Shop


class Till(NamedTuple):
    """One way to pay, and how its company names things."""

    method: PaymentMethod
    reference: str
    """What the cashier calls an out_trade_no."""
    prepare: str
    """The operation that a misbehave rule names."""
    refusal: str
    """A definite no to a prepare."""
    parameter: str
    """What the customer's app is given."""

    @property
    def channel(self) -> ChannelName:
        return self.method.channel

    @property
    def receivable(self) -> str:
        return f"CHANNEL_RECEIVABLE:{self.channel}"

    def company(self, shop: Shop) -> Control:
        found: Control = getattr(shop.world, self.channel.lower())
        return found

    def misbehave(self, shop: Shop, effect: str, operation: str = "", **more: object) -> None:
        """Break the prepare, or another operation."""
        self.company(shop).misbehave(operation or self.prepare, effect, **more)

    def refuse(self, shop: Shop, **more: object) -> None:
        """A definite no to the next prepare."""
        self.misbehave(shop, "refuse", code=self.refusal, **{"count": 1, **more})

    def pay(self, shop: Shop, out_trade_no: str, **faults: object) -> None:
        """Confirm on the phone; `amount_fen` and `late` are the faults a channel may have."""
        self.company(shop).post("/cashier/pay", **{self.reference: out_trade_no, **faults})


WECHAT = Till(PaymentMethod.WECHAT_NATIVE, "out_trade_no", "prepay", "RULE_LIMIT", "code_url")
ALIPAY = Till(PaymentMethod.ALIPAY_NATIVE, "out_trade_no", "precreate", "ACQ.ACCESS_FORBIDDEN", "qr_code")
UNIONPAY = Till(PaymentMethod.UNIONPAY_APP, "order_id", "prepare", "01", "tn")
TILLS = (WECHAT, ALIPAY, UNIONPAY)


def till_of(method: str) -> Till:
    """The till whose company a payment method belongs to."""
    return next(till for till in TILLS if till.channel is PaymentMethod(method).channel)


def captured(shop: Shop) -> dict[str, int]:
    """What customers paid by the books of all channels: out_trade_no and fen."""
    found: dict[str, int] = {}
    for till in TILLS:
        for trade in till.company(shop).get("/books")["trades"]:
            if fen := trade["captured_fen"]:
                found[str(trade.get("out_trade_no") or trade["orderId"])] = fen
    return found


def given_back(shop: Shop) -> list[tuple[str, int]]:
    """What went back by the books of all channels: the channel's name and fen, done only."""
    return [
        (till.channel.value, refund["refund_fen"])
        for till in TILLS
        for refund in till.company(shop).get("/books")["refunds"]
        if is_done(refund)
    ]


def is_done(refund: dict[str, Any]) -> bool:
    return refund.get("status") == "SUCCESS" or refund.get("origRespCode") == "00"
