"""POST /api/v1/orders/<order_id>/cancel: close an order that is not paid."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.views.orders import OrderView
from octane.orders import cancel
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/orders/<order_id>/cancel", summary="Cancel an order; a payment that was faster wins")
def cancel_order(order_id: Annotated[str, Path(max_length=64)]) -> OrderView:
    return OrderView.of(cancel.cancel_order(deps(), entry.caller(app), order_id).order)


handler = entry.lambda_entry(app)
