"""POST /api/v1/withdrawals/<withdrawal_id>/refusal: finance refuses a withdrawal, or takes its own back."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.views.funds import RefuseWithdrawalBody, WithdrawalView
from octane.funds import withdrawals
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/withdrawals/<withdrawal_id>/refusal", summary="Refuse a withdrawal (finance)")
def refuse_withdrawal(
    withdrawal_id: Annotated[str, Path(max_length=64)], body: RefuseWithdrawalBody
) -> WithdrawalView:
    refused = withdrawals.refuse_withdrawal(deps(), entry.caller(app), withdrawal_id, body.reason)
    return WithdrawalView.of(refused)


handler = entry.lambda_entry(app)
