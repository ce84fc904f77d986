"""POST /api/v1/reconciliation/differences/<day>/<source>/<difference_id>/decisions: an end, or a proposal."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.views.differences import DecideDifference, DifferenceView
from octane.reconciliation import tasks
from octane.reconciliation.model import Source
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post(
    "/api/v1/reconciliation/differences/<day>/<source>/<difference_id>/decisions",
    summary="Accept, write off, chase or recover a difference (finance)",
    status_code=201,
)
def decide_difference(
    day: Annotated[str, Path(max_length=10)],
    source: Source,
    difference_id: Annotated[str, Path(max_length=64)],
    body: DecideDifference,
) -> DifferenceView:
    place = (day, source, difference_id)
    return DifferenceView.of(
        tasks.decide(deps(), entry.caller(app), place, body.action, body.reason, body.version)
    )


handler = entry.lambda_entry(app)
