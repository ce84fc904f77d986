"""POST /api/v1/orders/<order_id>/pay: start the payment."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.views.payments import PayOrder, StartedPaymentView
from octane.orders import pay
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/orders/<order_id>/pay", summary="Start the payment, or continue the one that is open")
def pay_order(
    order_id: Annotated[str, Path(max_length=64)], body: PayOrder, key: entry.IdempotencyKey
) -> StartedPaymentView:
    return StartedPaymentView.of(pay.pay_order(deps(), entry.caller(app), order_id, body.method, key))


handler = entry.lambda_entry(app)
