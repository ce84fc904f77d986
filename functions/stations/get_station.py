"""GET /api/v1/stations/<station_id>: one station, with its prices."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.etags import kept
from octane.api.views.stations import StationView
from octane.stations import nearest
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get("/api/v1/stations/<station_id>", summary="A station, with its prices")
def get_station(station_id: Annotated[str, Path(max_length=32)]) -> StationView:
    return StationView.of(nearest.get_station(deps(), station_id))


handler = kept(entry.lambda_entry(app))
