"""GET /api/v1/switches: what operations have turned off, for clients to act on."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.views.switches import SwitchesView
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get("/api/v1/switches", summary="What is turned off for the moment")
def get_switches() -> SwitchesView:
    return SwitchesView.of(deps().switches.read())


handler = entry.lambda_entry(app)
