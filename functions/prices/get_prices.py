"""GET /api/v1/prices?province=: what fuel costs, and how old that is."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Query

from octane.api import entry
from octane.api.etags import kept
from octane.api.views.prices import PriceList, ProvinceView, province_of
from octane.kernel.caller import SETS_PRICES
from octane.prices import prices
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get("/api/v1/prices", summary="Fuel prices by province")
def get_prices(
    province: Annotated[
        str | None, Query(max_length=32, description="Letters or name; without it, all provinces.")
    ] = None,
) -> PriceList:
    with_suspects = entry.caller(app).role in SETS_PRICES
    found = prices.get_prices(deps(), None if province is None else province_of(province))
    shown = [ProvinceView.of(one, with_suspects=with_suspects) for one in found]
    return PriceList(provinces=shown)


handler = kept(entry.lambda_entry(app), by_role=True)
