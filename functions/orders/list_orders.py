"""GET /api/v1/orders?userId=: a person's orders, newest first."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Query

from octane.api import entry
from octane.api.views.orders import OrderView
from octane.api.views.timelines import OrderList
from octane.orders import access
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get("/api/v1/orders", summary="List a person's orders, newest first")
def list_orders(
    userId: Annotated[
        str | None, Query(max_length=64, description="Your own id, unless your role reads all.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=50)] = access.PAGE,
    cursor: Annotated[str | None, Query(max_length=1024)] = None,
) -> OrderList:
    caller = entry.caller(app)
    page = access.list_orders(deps(), caller, userId or caller.account_id, limit, cursor)
    return OrderList(orders=[OrderView.of(order) for order in page.orders], next_cursor=page.next_cursor)


handler = entry.lambda_entry(app)
