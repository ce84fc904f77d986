"""DELETE /api/v1/risk/lists/<list>/<value>: take somebody or something off a list."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.views.risk import ReasonBody
from octane.risk import lists
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.delete("/api/v1/risk/lists/<list>/<value>", summary="Take off a list (staff)", status_code=204)
def remove_list_entry(
    list: lists.ListName, value: Annotated[str, Path(max_length=64)], body: ReasonBody
) -> None:
    lists.remove_entry(deps(), entry.caller(app), list, value, body.reason)


handler = entry.lambda_entry(app)
