"""POST /api/v1/orders: place a top-up order."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.headers import StepUpId
from octane.api.views.orders import OrderView, PlaceOrderBody
from octane.kernel.switches import must_be_open
from octane.orders import place
from octane.orders.risking import Given
from octane.orders.wanted import PlaceOrder
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/orders", summary="Place an order", status_code=201)
def place_order(body: PlaceOrderBody, key: entry.IdempotencyKey, step_up: StepUpId = "") -> OrderView:
    must_be_open(deps().switches)
    wanted = PlaceOrder(body.card_id, body.amount_fen, tuple(body.coupon_ids), body.station_id or "")
    given = Given(step_up, entry.client(app).place)
    return OrderView.of(place.place_order(deps(), entry.caller(app), wanted, key, given).order)


handler = entry.lambda_entry(app)
