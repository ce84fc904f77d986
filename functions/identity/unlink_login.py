"""DELETE /api/v1/me/logins/<provider>: unlink a login."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.headers import StepUpId
from octane.api.views.identity import LinkedView
from octane.identity import linking
from octane.identity.logins import Provider
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.delete("/api/v1/me/logins/<provider>", summary="Unlink a login, by a step-up for it")
def unlink_login(provider: Provider, step_up: StepUpId = "") -> LinkedView:
    return LinkedView.of(linking.unlink_login(deps(), entry.caller(app), provider, step_up))


handler = entry.lambda_entry(app)
