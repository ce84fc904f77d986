"""PUT /api/v1/prices/<province>: approve a price that was held back, or set one by hand."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.views.prices import ProvinceView, SetPrices, province_of
from octane.prices import prices
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.put("/api/v1/prices/<province>", summary="Set a province's prices (staff)")
def set_prices(province: Annotated[str, Path(max_length=32)], body: SetPrices) -> ProvinceView:
    caller, place = entry.caller(app), province_of(province)
    shown = prices.set_prices(deps(), caller, place, body.fens, body.based_on, body.reason)
    return ProvinceView.of(shown, with_suspects=True)


handler = entry.lambda_entry(app)
