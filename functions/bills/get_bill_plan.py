"""GET /api/v1/bill-plans/<plan_id>: one plan, its instalments and what is paid of it."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.views.bill_plans import BillPlanView
from octane.bills import planning
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get("/api/v1/bill-plans/<plan_id>", summary="Read a plan")
def get_bill_plan(plan_id: Annotated[str, Path(max_length=64)]) -> BillPlanView:
    return BillPlanView.of(planning.get_plan(deps().store, entry.caller(app).account_id, plan_id))


handler = entry.lambda_entry(app)
