"""POST /api/v1/sms-codes: send a one-time code to a phone."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.views.identity import SendCode, SentCodeView
from octane.identity import sms_codes
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/sms-codes", summary="Send a one-time code to a phone", status_code=202)
def send_code(body: SendCode) -> SentCodeView:
    client = entry.client(app)
    sms_codes.issue_code(deps(), body.phone, body.purpose, client.ip, client.device)
    return SentCodeView(expires_in=sms_codes.CODE_SECONDS, again_in=sms_codes.AGAIN_SECONDS)


handler = entry.lambda_entry(app)
