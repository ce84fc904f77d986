"""POST /api/v1/callbacks/wechat/refunds: WeChat Pay says what became of a refund."""

from typing import Any

from octane.api.callbacks import Callback, wechat_callback
from octane.channels.port import ChannelName
from octane.orders.model import order_id_in
from octane.orders.refund import confirm_refund
from octane.wiring import deps

CHANNEL = ChannelName.WECHAT


def wechat_refund(callback: Callback) -> None:
    report = deps().channel_of(CHANNEL).read_refund_notice(callback.headers, callback.body)
    if report is not None:
        confirm_refund(deps(), order_id_in(report.refund_no, "F"), report, CHANNEL)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return wechat_callback(wechat_refund, event, context)
