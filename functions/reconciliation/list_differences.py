"""GET /api/v1/reconciliation/differences: what waits for a person, or all of one day's bill."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Query

from octane.api import entry
from octane.api.views.differences import DifferenceList
from octane.reconciliation import tasks
from octane.reconciliation.model import Source
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get("/api/v1/reconciliation/differences", summary="Differences that wait for a person (finance)")
def list_differences(
    day: Annotated[
        str | None, Query(pattern=r"^\d{4}-\d{2}-\d{2}$", description="With `source`: all.")
    ] = None,
    source: Annotated[Source | None, Query(description="With `day`.")] = None,
    cursor: Annotated[str | None, Query(max_length=1024)] = None,
) -> DifferenceList:
    return DifferenceList.of(tasks.list_differences(deps(), entry.caller(app), day, source, cursor))


handler = entry.lambda_entry(app)
