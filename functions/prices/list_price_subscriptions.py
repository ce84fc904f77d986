"""GET /api/v1/me/price-subscriptions: where the caller is told of changes."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.views.prices import SubscriptionList, SubscriptionView
from octane.prices import subscriptions
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get("/api/v1/me/price-subscriptions", summary="The provinces whose prices the caller is told of")
def list_price_subscriptions() -> SubscriptionList:
    found = subscriptions.list_subscriptions(deps().store, entry.caller(app).user_id)
    return SubscriptionList(subscriptions=[SubscriptionView.of(one) for one in found])


handler = entry.lambda_entry(app)
