"""PUT /api/v1/risk/lists/<list>/<value>: list a person, a device, an address or a card."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.views.risk import ListEntryBody, ListEntryView
from octane.risk import lists
from octane.risk.facts import Listing
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.put("/api/v1/risk/lists/<list>/<value>", summary="List somebody or something (staff)")
def set_list_entry(
    list: lists.ListName, value: Annotated[str, Path(max_length=64)], body: ListEntryBody
) -> ListEntryView:
    caller = entry.caller(app)
    return ListEntryView.of(lists.set_entry(deps(), caller, list, value, Listing(body.entry), body.reason))


handler = entry.lambda_entry(app)
