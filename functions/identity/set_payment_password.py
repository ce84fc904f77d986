"""PUT /api/v1/me/payment-password: set the payment password, or change it."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from octane.api import entry
from octane.api.headers import StepUpId
from octane.api.views.account import SetPaymentPassword
from octane.identity.payment_password import set_password
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.put("/api/v1/me/payment-password", summary="Set the payment password", status_code=204)
def set_payment_password(body: SetPaymentPassword, step_up: StepUpId = "") -> Response[None]:
    set_password(deps(), entry.caller(app), body.pin, step_up)
    return Response(204)


handler = entry.lambda_entry(app)
