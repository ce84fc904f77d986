"""DELETE /api/v1/bill-plans/<plan_id>: let a plan go; what is paid stays paid."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.bills import planning
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.delete("/api/v1/bill-plans/<plan_id>", summary="Cancel a plan; what is paid stays paid", status_code=204)
def cancel_bill_plan(plan_id: Annotated[str, Path(max_length=64)]) -> Response[None]:
    planning.cancel_plan(deps().store, entry.caller(app).account_id, plan_id)
    return Response(status_code=204)


handler = entry.lambda_entry(app)
