"""POST /api/v1/me/phone: keep the phone number that the person agreed to share."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.views.identity import BindPhone, UserView
from octane.identity import phones
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/me/phone", summary="Bind the phone number that WeChat confirms")
def bind_phone(body: BindPhone) -> UserView:
    return UserView.of(phones.bind_phone(deps(), entry.caller(app), body.code, body.sms_code or ""))


handler = entry.lambda_entry(app)
