"""PUT /api/v1/campaigns/<campaign_id>: change a campaign, also one that sells."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.views.campaigns import CampaignView, ChangeCampaignBody
from octane.coupons import editing
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.put("/api/v1/campaigns/<campaign_id>", summary="Change a campaign, also one that sells (operator)")
def change_campaign(
    campaign_id: Annotated[str, Path(max_length=64)], body: ChangeCampaignBody
) -> CampaignView:
    return CampaignView.of(editing.change_campaign(deps(), entry.caller(app), campaign_id, body.change()))


handler = entry.lambda_entry(app)
