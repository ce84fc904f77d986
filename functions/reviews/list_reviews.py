"""GET /api/v1/reviews: the orders that wait for a person."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Query

from octane.api import entry
from octane.api.views.reviews import ReviewList
from octane.reviews import listing
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get("/api/v1/reviews", summary="List reviews that have not ended, oldest first (staff)")
def list_reviews(cursor: Annotated[str | None, Query(max_length=1_024)] = None) -> ReviewList:
    return ReviewList.of(listing.list_reviews(deps(), entry.caller(app), cursor))


handler = entry.lambda_entry(app)
