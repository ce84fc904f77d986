"""GET /api/v1/campaigns/<campaign_id>: one campaign and what is left of it."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.views.campaigns import CampaignStockView
from octane.coupons import listing
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get("/api/v1/campaigns/<campaign_id>", summary="Show a campaign and its stock (staff)")
def get_campaign(campaign_id: Annotated[str, Path(max_length=64)]) -> CampaignStockView:
    return CampaignStockView.of(listing.show_campaign(deps(), entry.caller(app), campaign_id))


handler = entry.lambda_entry(app)
