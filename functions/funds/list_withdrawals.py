"""GET /api/v1/withdrawals: the withdrawals, newest first, or those that wait for an approval."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Query

from octane.api import entry
from octane.api.views.funds import WithdrawalListView
from octane.funds import withdrawals
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get("/api/v1/withdrawals", summary="List withdrawals (finance)")
def list_withdrawals(
    waiting: Annotated[bool, Query(description="Only those that wait, the first to expire first.")] = False,
    limit: Annotated[int, Query(ge=1, le=50)] = withdrawals.PAGE,
    cursor: Annotated[str | None, Query(max_length=1024)] = None,
) -> WithdrawalListView:
    found = withdrawals.list_withdrawals(deps(), entry.caller(app), limit, cursor, waiting=waiting)
    return WithdrawalListView.of(found)


handler = entry.lambda_entry(app)
