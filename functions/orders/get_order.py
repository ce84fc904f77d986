"""GET /api/v1/orders/<order_id>: one order with its timeline."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.views.timelines import OrderDetail
from octane.orders import access
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get("/api/v1/orders/<order_id>", summary="Show an order with its timeline")
def get_order(order_id: Annotated[str, Path(max_length=64)]) -> OrderDetail:
    simple = deps().switches.read().simple_answers
    find = access.readable_order if simple else access.get_order
    return OrderDetail.with_timeline(find(deps(), entry.caller(app), order_id))


handler = entry.lambda_entry(app)
