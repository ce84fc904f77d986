"""POST /api/v1/me/exports: ask for a copy of all of one's data, or fetch it."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.headers import StepUpId
from octane.api.views.privacy import ExportView
from octane.rights import exports
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/me/exports", summary="Ask for a copy of my data, or fetch it", status_code=202)
def request_export(key: entry.IdempotencyKey, step_up: StepUpId = "") -> ExportView:
    return ExportView.of(exports.request_export(deps(), entry.caller(app), step_up, key))


handler = entry.lambda_entry(app)
