"""GET /api/v1/risk/rules: the risk rules in force, and what outcomes suggest."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.views.risk import RiskRulesInForceView
from octane.risk import publishing
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get("/api/v1/risk/rules", summary="The risk rules in force, and a suggested draft (staff)")
def get_risk_rules() -> RiskRulesInForceView:
    return RiskRulesInForceView.in_force(publishing.get_rules(deps(), entry.caller(app)))


handler = entry.lambda_entry(app)
