"""GET /api/v1/orders/<order_id>/receipt: what was paid and delivered."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.views.receipts import Receipt
from octane.orders import access
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get("/api/v1/orders/<order_id>/receipt", summary="Show the receipt of a delivered order")
def get_receipt(order_id: Annotated[str, Path(max_length=64)]) -> Receipt:
    return Receipt.of(access.get_receipt(deps(), entry.caller(app), order_id))


handler = entry.lambda_entry(app)
