"""POST /api/v1/sessions/refresh: rotate the refresh token."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.views.identity import RefreshSession, SessionView
from octane.identity import refresh
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/sessions/refresh", summary="Get a new access token; the refresh token changes too")
def refresh_session(body: RefreshSession) -> SessionView:
    return SessionView.of(refresh.refresh_session(deps(), body.refresh_token, entry.client(app)))


handler = entry.lambda_entry(app)
