"""GET /api/v1/evidence/<evidence_id>: where the package is, for some minutes, once it is built."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.views.audit import PackageView
from octane.evidence import requests
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get(
    "/api/v1/evidence/<evidence_id>",
    summary="Fetch an evidence package (support, auditor, finance director)",
)
def fetch_evidence(evidence_id: Annotated[str, Path(max_length=64)]) -> PackageView:
    return PackageView.of(requests.fetch_evidence(deps(), entry.caller(app), evidence_id))


handler = entry.lambda_entry(app)
