"""GET /api/v1/campaigns/<campaign_id>/claims: whether claims and stock agree."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from octane.api import entry
from octane.api.views.campaigns import ClaimAuditView
from octane.coupons import auditing
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get("/api/v1/campaigns/<campaign_id>/claims", summary="Compare claims and coupons, by shard (staff)")
def audit_claims(
    campaign_id: Annotated[str, Path(max_length=64)],
    first_shard: Annotated[int, Query(ge=0, le=99)] = 0,
) -> ClaimAuditView:
    return ClaimAuditView.of(auditing.audit_claims(deps(), entry.caller(app), campaign_id, first_shard))


handler = entry.lambda_entry(app)
