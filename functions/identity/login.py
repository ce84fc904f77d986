"""POST /api/v1/sessions: log in."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.views.identity import LogIn, SessionView
from octane.identity import attempts, log_in
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/sessions", summary="Log in by WeChat, Alipay or a code to a phone", status_code=201)
def login(body: LogIn, key: entry.IdempotencyKey) -> SessionView:
    request = attempts.LogIn(
        body.provider, body.code, key, body.phone or "", body.sms_code or "", entry.client(app)
    )
    return SessionView.of(log_in.log_in(deps(), request))


handler = entry.lambda_entry(app)
