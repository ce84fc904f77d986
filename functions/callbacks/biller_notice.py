"""POST /api/v1/callbacks/billers/<biller>: a biller says what became of a payment."""

from typing import Any

from octane.api.callbacks import Callback, issuer_callback
from octane.billers.names import Biller
from octane.kernel.errors import NotFoundError
from octane.orders.model import order_id_in
from octane.orders.recharge import confirm_recharge
from octane.wiring import deps


def biller_notice(callback: Callback) -> None:
    biller = Biller.__members__.get(callback.sender.upper())
    if biller is None:
        raise NotFoundError
    report = deps().biller_of(biller).read_notice(callback.body, callback.headers)
    confirm_recharge(deps(), order_id_in(report.order_no, "R"), report, biller)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return issuer_callback(biller_notice, event, context)
