"""PUT /api/v1/me/consents/<purpose>: give or withdraw consent."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.views.privacy import ConsentView, SetConsent
from octane.privacy import consent
from octane.privacy.purposes import Purpose
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.put("/api/v1/me/consents/<purpose>", summary="Give or withdraw consent for a purpose")
def set_consent(purpose: Purpose, body: SetConsent) -> ConsentView:
    caller = entry.caller(app)
    return ConsentView.of(consent.set_consent(deps(), caller, purpose, body.given, body.text_version))


handler = entry.lambda_entry(app)
