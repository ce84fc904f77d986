"""POST /api/v1/me/step-ups/<step_up_id>/proofs: give the proof that is due."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.views.step_ups import GiveProof, ProofView
from octane.identity.proofs import prove
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/me/step-ups/<step_up_id>/proofs", summary="Give the proof that is due")
def prove_step_up(step_up_id: Annotated[str, Path(max_length=64)], body: GiveProof) -> ProofView:
    return ProofView.of(prove(deps(), entry.caller(app), step_up_id, body.method, body.value))


handler = entry.lambda_entry(app)
