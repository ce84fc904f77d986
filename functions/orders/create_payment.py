"""POST /api/v1/payments/create: place an order and start its payment at once: amount in yuan, or bills."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.headers import StepUpId
from octane.api.views.payments import StartedPaymentView
from octane.api.views.quick_pay import CreatePayment
from octane.kernel.switches import must_be_open
from octane.orders.quick_pay import quick_pay
from octane.orders.risking import Given
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post(
    "/api/v1/payments/create",
    summary="Top up the only (or the named) card, or pay bills, and start paying",
    status_code=201,
)
def create_payment(
    body: CreatePayment, key: entry.IdempotencyKey, step_up: StepUpId = ""
) -> StartedPaymentView:
    must_be_open(deps().switches)
    given = Given(step_up, entry.client(app).place)
    return StartedPaymentView.of(quick_pay(deps(), entry.caller(app), body.wanted, key, given))


handler = entry.lambda_entry(app)
