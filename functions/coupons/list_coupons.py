"""GET /api/v1/me/coupons: the account's coupons."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Query

from octane.api import entry
from octane.api.views.coupons import CouponList
from octane.coupons import listing
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get("/api/v1/me/coupons", summary="List own coupons, those that are used or expired too")
def list_coupons(cursor: Annotated[str | None, Query(max_length=1_024)] = None) -> CouponList:
    page = listing.list_coupons(deps(), entry.caller(app), cursor)
    return CouponList.of(page, deps().clock.now())


handler = entry.lambda_entry(app)
