"""POST /api/v1/campaigns/<campaign_id>/codes: make codes that name a campaign."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.views.campaigns import CodesView, MakeCodesBody
from octane.coupons import codes
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/campaigns/<campaign_id>/codes", summary="Make codes (operator)", status_code=201)
def make_codes(
    campaign_id: Annotated[str, Path(max_length=64)], body: MakeCodesBody, key: entry.IdempotencyKey
) -> CodesView:
    return CodesView.of(codes.make_codes(deps(), entry.caller(app), campaign_id, body.count, body.uses, key))


handler = entry.lambda_entry(app)
