"""GET /api/v1/bill-plans: the caller's plans."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Query

from octane.api import entry
from octane.api.views.bill_plans import BillPlanList, BillPlanView
from octane.bills import planning
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get("/api/v1/bill-plans", summary="List the plans to pay bills in parts")
def list_bill_plans(
    limit: Annotated[int, Query(ge=1, le=50)] = planning.PAGE,
    cursor: Annotated[str | None, Query(max_length=1024)] = None,
) -> BillPlanList:
    page = planning.list_plans(deps().store, entry.caller(app).account_id, limit, cursor)
    return BillPlanList(plans=[BillPlanView.of(plan) for plan in page.plans], next_cursor=page.next_cursor)


handler = entry.lambda_entry(app)
