"""POST /api/v1/reviews/<order_id>/claim: take a review for oneself for a while."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.views.reviews import ClaimReview, ReviewView
from octane.reviews import deciding
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/reviews/<order_id>/claim", summary="Claim a review (staff)", status_code=201)
def claim_review(order_id: Annotated[str, Path(max_length=64)], body: ClaimReview) -> ReviewView:
    return ReviewView.of(deciding.claim(deps(), entry.caller(app), order_id, body.version))


handler = entry.lambda_entry(app)
