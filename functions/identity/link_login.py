"""POST /api/v1/me/logins: link one more login to the account."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.views.identity import LinkedView, LinkLogin
from octane.identity import linking
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/me/logins", summary="Link one more login to the account")
def link_login(body: LinkLogin) -> LinkedView:
    new = linking.NewLogin(body.provider, body.code, body.phone or "", body.sms_code or "")
    return LinkedView.of(linking.link_login(deps(), entry.caller(app), new))


handler = entry.lambda_entry(app)
