"""GET /api/v1/campaigns: all campaigns, newest first."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Query

from octane.api import entry
from octane.api.views.campaigns import CampaignList
from octane.coupons import listing
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get("/api/v1/campaigns", summary="List campaigns, newest first (staff)")
def list_campaigns(cursor: Annotated[str | None, Query(max_length=1_024)] = None) -> CampaignList:
    return CampaignList.of(listing.list_campaigns(deps(), entry.caller(app), cursor))


handler = entry.lambda_entry(app)
