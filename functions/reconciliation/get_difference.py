"""GET /api/v1/reconciliation/differences/<day>/<source>/<difference_id>: one and its history."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.views.differences import DifferenceFile
from octane.reconciliation import tasks
from octane.reconciliation.model import Source
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get(
    "/api/v1/reconciliation/differences/<day>/<source>/<difference_id>",
    summary="A difference and its history (finance)",
)
def get_difference(
    day: Annotated[str, Path(max_length=10)],
    source: Source,
    difference_id: Annotated[str, Path(max_length=64)],
) -> DifferenceFile:
    place = (day, source, difference_id)
    return DifferenceFile.of(tasks.get_difference(deps(), entry.caller(app), place))


handler = entry.lambda_entry(app)
