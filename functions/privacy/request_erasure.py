"""POST /api/v1/me/erasure: end the account and erase what is personal in it."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.headers import StepUpId
from octane.api.views.privacy import ErasureView
from octane.rights import erasure
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/me/erasure", summary="Erase my account within seven days", status_code=202)
def request_erasure(step_up: StepUpId = "") -> ErasureView:
    return ErasureView.of(erasure.request_erasure(deps(), entry.caller(app), step_up))


handler = entry.lambda_entry(app)
