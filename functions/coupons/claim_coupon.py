"""POST /api/v1/campaigns/<campaign_id>/claims: claim a coupon."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.views.coupons import CouponView
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/campaigns/<campaign_id>/claims", summary="Claim a coupon of a campaign", status_code=201)
def claim_coupon(campaign_id: Annotated[str, Path(max_length=64)], key: entry.IdempotencyKey) -> CouponView:
    coupon = deps().claims.claim(entry.caller(app), campaign_id, key)
    return CouponView.of(coupon, deps().clock.now())


handler = entry.lambda_entry(app)
