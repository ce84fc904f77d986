"""POST /api/v1/me/account: act for an enterprise, or for oneself again."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.views.account import ActFor
from octane.api.views.identity import SessionView
from octane.identity import acting
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/me/account", summary="Act for an enterprise, or for oneself: new tokens")
def act_for(body: ActFor) -> SessionView:
    return SessionView.of(acting.act_for(deps(), entry.caller(app), body.enterprise_id))


handler = entry.lambda_entry(app)
