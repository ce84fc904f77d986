"""POST /api/v1/bill-plans: pay a bill in monthly parts."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.views.bill_plans import BillPlanView, MakeBillPlan
from octane.bills import planning
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/bill-plans", summary="Plan to pay a bill in 2 to 12 monthly parts", status_code=201)
def make_bill_plan(body: MakeBillPlan, key: entry.IdempotencyKey) -> BillPlanView:
    request = planning.PlanRequest(body.bill_account_id, body.bill_no, body.instalments)
    return BillPlanView.of(planning.make_plan(deps(), entry.caller(app), request, key))


handler = entry.lambda_entry(app)
