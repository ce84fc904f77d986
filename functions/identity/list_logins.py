"""GET /api/v1/me/logins: the linked logins, and the last ten uses of them."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.views.identity import LoginsView
from octane.identity import logins
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get("/api/v1/me/logins", summary="List the linked logins and the recent ones")
def list_logins() -> LoginsView:
    return LoginsView.of(logins.list_logins(deps().store, entry.caller(app)))


handler = entry.lambda_entry(app)
