"""GET /api/v1/reviews/<order_id>: one review."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.views.reviews import ReviewView
from octane.reviews import deciding
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get("/api/v1/reviews/<order_id>", summary="Get the review of an order (staff)")
def get_review(order_id: Annotated[str, Path(max_length=64)]) -> ReviewView:
    return ReviewView.of(deciding.get_review(deps(), entry.caller(app), order_id))


handler = entry.lambda_entry(app)
