"""POST /api/v1/callbacks/issuers/juhe: the issuer says what became of a recharge."""

from typing import Any

from octane.api.callbacks import Callback, issuer_callback
from octane.orders.model import order_id_in
from octane.orders.recharge import confirm_recharge
from octane.wiring import deps


def issuer_recharge(callback: Callback) -> None:
    report = deps().issuer.read_notice(callback.body)
    confirm_recharge(deps(), order_id_in(report.order_no, "R"), report)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return issuer_callback(issuer_recharge, event, context)
