"""POST /api/v1/wallet/top-ups: place an order that fills the caller's balance."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.headers import StepUpId
from octane.api.views.orders import OrderView
from octane.api.views.wallets import TopUpWalletBody
from octane.kernel.switches import must_be_open
from octane.orders.place import place_order
from octane.orders.risking import Given
from octane.orders.wanted import PlaceWalletTopUp
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/wallet/top-ups", summary="Place an order that fills the caller's balance", status_code=201)
def top_up_wallet(body: TopUpWalletBody, key: entry.IdempotencyKey, step_up: StepUpId = "") -> OrderView:
    must_be_open(deps().switches)
    given = Given(step_up, entry.client(app).place)
    return OrderView.of(
        place_order(deps(), entry.caller(app), PlaceWalletTopUp(body.amount_fen), key, given).order
    )


handler = entry.lambda_entry(app)
