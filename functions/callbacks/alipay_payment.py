"""POST /api/v1/callbacks/alipay/payments: Alipay says that a trade was paid."""

from typing import Any

from octane.api.callbacks import Callback, alipay_callback
from octane.channels.port import ChannelName
from octane.orders.model import order_id_in
from octane.orders.payment import confirm_payment
from octane.wiring import deps

CHANNEL = ChannelName.ALIPAY


def alipay_payment(callback: Callback) -> None:
    proof = deps().channel_of(CHANNEL).read_payment_notice(callback.headers, callback.body)
    if proof is not None:
        confirm_payment(deps(), order_id_in(proof.out_trade_no, "P"), proof, CHANNEL)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return alipay_callback(alipay_payment, event, context)
