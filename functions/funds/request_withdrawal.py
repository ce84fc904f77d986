"""POST /api/v1/withdrawals: finance asks for money out of the hot account."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.headers import StepUpId
from octane.api.views.funds import RequestWithdrawalBody, WithdrawalView
from octane.funds import withdrawals
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/withdrawals", summary="Request a withdrawal (finance)", status_code=201)
def request_withdrawal(
    body: RequestWithdrawalBody, key: entry.IdempotencyKey, step_up: StepUpId = ""
) -> WithdrawalView:
    caller = entry.caller(app)
    made = withdrawals.request_withdrawal(deps(), caller, body.amount_fen, body.purpose, key, step_up)
    return WithdrawalView.of(made)


handler = entry.lambda_entry(app)
