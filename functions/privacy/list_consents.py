"""GET /api/v1/me/consents: what the caller agreed to, and every time they said so."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.views.privacy import ConsentList, ConsentView
from octane.privacy import consent
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get("/api/v1/me/consents", summary="List purposes, their texts and what was agreed")
def list_consents() -> ConsentList:
    found = consent.list_consents(deps().store, entry.caller(app).user_id)
    return ConsentList(consents=[ConsentView.of(each) for each in found])


handler = entry.lambda_entry(app)
