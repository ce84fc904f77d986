"""GET /api/v1/supply: what the ERP says of the fuel."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.views.supply import SupplyView
from octane.coupons import supply
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get("/api/v1/supply", summary="Show the supply by grade (staff)")
def get_supply() -> SupplyView:
    found = supply.show_supply(deps(), entry.caller(app))
    return SupplyView.of(found, deps().clock.now())


handler = entry.lambda_entry(app)
