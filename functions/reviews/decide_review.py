"""POST /api/v1/reviews/<order_id>/decision: approve an order, or refuse it and return its money."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.views.reviews import DecideReview, ReviewView
from octane.reviews import deciding
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post(
    "/api/v1/reviews/<order_id>/decision",
    summary="Approve or refuse a claimed review (staff)",
    status_code=201,
)
def decide_review(order_id: Annotated[str, Path(max_length=64)], body: DecideReview) -> ReviewView:
    caller = entry.caller(app)
    return ReviewView.of(deciding.decide(deps(), caller, order_id, body.decision, body.reason, body.version))


handler = entry.lambda_entry(app)
