"""POST /api/v1/orders/<order_id>/refunds: staff return all or part of a delivered top-up."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.views.refunds import GrantRefund, RefundView
from octane.orders import refund
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/orders/<order_id>/refunds", summary="Refund all or part of an order", status_code=201)
def refund_order(
    order_id: Annotated[str, Path(max_length=64)], body: GrantRefund, key: entry.IdempotencyKey
) -> RefundView:
    granted = refund.grant_refund(deps(), entry.caller(app), order_id, body.amount_fen, body.reason, key)
    return RefundView.of(granted)


handler = entry.lambda_entry(app)
