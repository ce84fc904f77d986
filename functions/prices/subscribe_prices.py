"""PUT /api/v1/me/price-subscriptions/<province>: be told when prices change there."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.views.prices import SubscriptionView, province_of
from octane.prices import subscriptions
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.put(
    "/api/v1/me/price-subscriptions/<province>",
    summary="Be told by WeChat when a province's prices change; again, it renews the permission",
)
def subscribe_prices(province: Annotated[str, Path(max_length=32)]) -> SubscriptionView:
    place = province_of(province)
    return SubscriptionView.of(subscriptions.subscribe(deps(), entry.caller(app), place))


handler = entry.lambda_entry(app)
