"""POST /api/v1/risk/rules/dry-run: what a draft of the risk rules would have decided."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.views.risk import DryRunRiskRulesBody, RiskDryRunView
from octane.limits.buckets import Spend
from octane.risk import publishing
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/risk/rules/dry-run", summary="Try risk rules on past decisions (staff)")
def dry_run_risk_rules(body: DryRunRiskRulesBody) -> RiskDryRunView:
    caller = entry.caller(app)
    deps().buckets.take(Spend("dry_run_user", caller.user_id))
    return RiskDryRunView.of(publishing.dry_run(deps(), caller, body.rules, body.orders))


handler = entry.lambda_entry(app)
