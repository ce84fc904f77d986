"""GET /api/v1/home: all that the first screen shows, in one call."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Query

from octane.api import entry
from octane.api.views.home import HomeView, place_in
from octane.home import home
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get("/api/v1/home", summary="Cards, balance, coupons, stations nearby and running orders in one call")
def get_home(
    lat: Annotated[str | None, Query(max_length=16, description="Degrees, GCJ-02; with `lng`.")] = None,
    lng: Annotated[str | None, Query(max_length=16)] = None,
) -> HomeView:
    return HomeView.of(home.get_home(deps(), entry.caller(app), place_in(lat, lng)))


handler = entry.lambda_entry(app)
