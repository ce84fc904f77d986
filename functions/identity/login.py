"""POST /api/v1/sessions: log in."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api.entry import IdempotencyKey, lambda_entry, read_json
from octane.api.views.identity import LogIn, SessionView
from octane.identity.sessions import log_in
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=read_json)


@app.post("/api/v1/sessions", summary="Log in with WeChat's one-time code", status_code=201)
def login(body: LogIn, key: IdempotencyKey) -> SessionView:
    return SessionView.of(log_in(deps(), body.code, key))


handler = lambda_entry(app)
