"""POST /api/v1/bill-orders: place an order that pays bills, or a plan's instalments."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.headers import StepUpId
from octane.api.views.bill_orders import PlaceBillOrderBody
from octane.api.views.orders import OrderView
from octane.kernel.switches import must_be_open
from octane.orders.place import place_order
from octane.orders.risking import Given
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/bill-orders", summary="Place an order that pays bills", status_code=201)
def place_bill_order(
    body: PlaceBillOrderBody, key: entry.IdempotencyKey, step_up: StepUpId = ""
) -> OrderView:
    must_be_open(deps().switches)
    given = Given(step_up, entry.client(app).place)
    return OrderView.of(place_order(deps(), entry.caller(app), body.wanted, key, given).order)


handler = entry.lambda_entry(app)
