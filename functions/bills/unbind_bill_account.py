"""DELETE /api/v1/bill-accounts/<bill_account_id>: forget an account at a biller."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.bills import binding
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.delete("/api/v1/bill-accounts/<bill_account_id>", summary="Unbind an account", status_code=204)
def unbind_bill_account(bill_account_id: Annotated[str, Path(max_length=64)]) -> Response[None]:
    binding.unbind_account(deps().store, entry.caller(app).account_id, bill_account_id)
    return Response(status_code=204)


handler = entry.lambda_entry(app)
