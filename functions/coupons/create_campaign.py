"""POST /api/v1/campaigns: make a draft of a campaign."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.views.campaigns import CampaignView, CreateCampaignBody
from octane.coupons import editing
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/campaigns", summary="Make a campaign, as a draft (operator)", status_code=201)
def create_campaign(body: CreateCampaignBody, key: entry.IdempotencyKey) -> CampaignView:
    return CampaignView.of(editing.create_campaign(deps(), entry.caller(app), body.campaign(), key))


handler = entry.lambda_entry(app)
