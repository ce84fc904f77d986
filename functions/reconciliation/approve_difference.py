"""POST /api/v1/reconciliation/differences/<day>/<source>/<difference_id>/approvals: the second yes."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.views.differences import ApproveDifference, DifferenceView
from octane.reconciliation import tasks
from octane.reconciliation.model import Source
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post(
    "/api/v1/reconciliation/differences/<day>/<source>/<difference_id>/approvals",
    summary="Approve what another person proposed (finance)",
    status_code=201,
)
def approve_difference(
    day: Annotated[str, Path(max_length=10)],
    source: Source,
    difference_id: Annotated[str, Path(max_length=64)],
    body: ApproveDifference,
) -> DifferenceView:
    place = (day, source, difference_id)
    return DifferenceView.of(tasks.approve(deps(), entry.caller(app), place, body.version))


handler = entry.lambda_entry(app)
