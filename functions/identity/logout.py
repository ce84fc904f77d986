"""DELETE /api/v1/sessions/current: log out."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from octane.api.entry import caller, lambda_entry, read_json
from octane.identity.sessions import log_out
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=read_json)


@app.delete(
    "/api/v1/sessions/current", summary="Log out: the session cannot be refreshed any more", status_code=204
)
def logout() -> Response[None]:
    log_out(deps(), caller(app))
    return Response(status_code=204)


handler = lambda_entry(app)
