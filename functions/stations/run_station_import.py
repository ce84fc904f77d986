"""POST /api/v1/stations/imports: bring in an uploaded file of stations, or see how far it is."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.views.stations import RunImport, StationImportView
from octane.kernel.clock import SECOND, later
from octane.stations import importing
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)
WORK_MS = 12 * SECOND
"""The gateway waits 29 seconds; reading a large file takes its part."""


@app.post("/api/v1/stations/imports", summary="Import a file of stations, or go on with it (staff)")
def run_station_import(body: RunImport) -> StationImportView:
    until = later(deps().clock.now(), WORK_MS)
    return StationImportView.of(importing.run_import(deps(), body.key, until, entry.caller(app)))


handler = entry.lambda_entry(app)
