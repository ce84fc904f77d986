"""DELETE /api/v1/me/price-subscriptions/<province>: be told no more."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.views.prices import province_of
from octane.prices import subscriptions
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.delete(
    "/api/v1/me/price-subscriptions/<province>",
    summary="Be told no more; one that is not there stays so",
    status_code=204,
)
def unsubscribe_prices(province: Annotated[str, Path(max_length=32)]) -> Response[None]:
    subscriptions.unsubscribe(deps(), entry.caller(app), province_of(province))
    return Response(status_code=204)


handler = entry.lambda_entry(app)
