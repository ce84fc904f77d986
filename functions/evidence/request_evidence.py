"""POST /api/v1/evidence: ask for the evidence package of an order or a person."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.views.audit import PackageView, RequestEvidenceBody
from octane.evidence import requests
from octane.limits.buckets import Spend
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post(
    "/api/v1/evidence",
    summary="Ask for an evidence package (support, auditor, finance director)",
    status_code=202,
)
def request_evidence(body: RequestEvidenceBody, key: entry.IdempotencyKey) -> PackageView:
    caller = entry.caller(app)
    deps().buckets.take(Spend("evidence_user", caller.user_id))
    package = requests.request_evidence(deps(), caller, body.order_id, body.user_id, key)
    return PackageView.of(package)


handler = entry.lambda_entry(app)
