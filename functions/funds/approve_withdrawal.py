"""POST /api/v1/withdrawals/<withdrawal_id>/approval: another person of finance approves a withdrawal."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.views.funds import WithdrawalView
from octane.funds import withdrawals
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/withdrawals/<withdrawal_id>/approval", summary="Approve a withdrawal (finance)")
def approve_withdrawal(withdrawal_id: Annotated[str, Path(max_length=64)]) -> WithdrawalView:
    return WithdrawalView.of(withdrawals.approve_withdrawal(deps(), entry.caller(app), withdrawal_id))


handler = entry.lambda_entry(app)
