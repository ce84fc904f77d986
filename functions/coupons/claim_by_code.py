"""POST /api/v1/coupon-codes: claim a coupon by a code."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.views.coupons import ClaimByCodeBody, CouponView
from octane.coupons import codes
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/coupon-codes", summary="Claim a coupon by a code", status_code=201)
def claim_by_code(body: ClaimByCodeBody, key: entry.IdempotencyKey) -> CouponView:
    coupon = codes.claim_by_code(deps(), entry.caller(app), body.code, key)
    return CouponView.of(coupon, deps().clock.now())


handler = entry.lambda_entry(app)
