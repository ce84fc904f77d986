"""PUT /api/v1/me/identity: say who you are by law."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.headers import StepUpId
from octane.api.views.account import RealNameView, SetRealName
from octane.identity import real_names
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.put("/api/v1/me/identity", summary="Give name and identity number")
def set_real_name(body: SetRealName, step_up: StepUpId = "") -> RealNameView:
    caller, number = entry.caller(app), body.identity_number.upper()
    return RealNameView.of(real_names.set_real_name(deps(), caller, body.name, number, step_up))


handler = entry.lambda_entry(app)
