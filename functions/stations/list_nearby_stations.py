"""GET /api/v1/stations/nearby: the stations nearest by road, with their prices."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Query

from octane.api import entry
from octane.api.etags import kept
from octane.api.views.stations import StationList
from octane.stations import nearest
from octane.stations.model import parse_place
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)
DEGREES = Query(max_length=16, pattern=r"^-?[0-9]{1,3}(\.[0-9]{1,12})?$", description="Degrees, GCJ-02.")


@app.get("/api/v1/stations/nearby", summary="Stations nearby, by road, with prices")
def list_nearby_stations(
    lat: Annotated[str, DEGREES],
    lng: Annotated[str, DEGREES],
    limit: Annotated[int, Query(ge=1, le=nearest.MOST)] = 10,
    grade: Annotated[
        str | None, Query(pattern="^(89|92|95|98|0)$", description="Only those that sell it.")
    ] = None,
) -> StationList:
    offers = nearest.nearest(deps(), parse_place(lat, lng), limit, grade or "")
    return StationList.of(offers)


handler = kept(entry.lambda_entry(app))
