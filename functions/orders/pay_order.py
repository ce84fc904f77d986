"""POST /api/v1/orders/<order_id>/pay: start the payment."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.headers import StepUpId
from octane.api.views.payments import PayOrder, StartedPaymentView
from octane.kernel.money import Fen
from octane.orders import pay
from octane.orders.choices import Choice
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/orders/<order_id>/pay", summary="Start the payment, or continue the one that is open")
def pay_order(
    order_id: Annotated[str, Path(max_length=64)],
    body: PayOrder,
    key: entry.IdempotencyKey,
    step_up: StepUpId = "",
) -> StartedPaymentView:
    choice = Choice(body.method, body.platform or "", Fen(body.wallet_fen))
    return StartedPaymentView.of(pay.pay_order(deps(), entry.caller(app), order_id, choice, key, step_up))


handler = entry.lambda_entry(app)
