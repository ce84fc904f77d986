"""GET /api/v1/bill-accounts/<bill_account_id>/bills: what an account owes now."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.views.bills import OwedView
from octane.bills import owed
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get("/api/v1/bill-accounts/<bill_account_id>/bills", summary="What an account owes now")
def list_bills(bill_account_id: Annotated[str, Path(max_length=64)]) -> OwedView:
    return OwedView.of(owed.owed_by(deps(), entry.caller(app).account_id, bill_account_id))


handler = entry.lambda_entry(app)
