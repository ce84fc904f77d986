"""POST /api/v1/me/step-ups: begin to prove that it is you, for one operation."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.views.step_ups import StartStepUp, StepUpView
from octane.identity import proofs
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/me/step-ups", summary="Begin a step-up for exactly one operation", status_code=201)
def start_step_up(body: StartStepUp, key: entry.IdempotencyKey) -> StepUpView:
    caller = entry.caller(app)
    started = proofs.start_step_up(deps(), caller, body.operation, body.subject, body.amount_fen, key)
    return StepUpView.of(started)


handler = entry.lambda_entry(app)
