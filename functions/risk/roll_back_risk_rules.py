"""POST /api/v1/risk/rules/rollback: put an earlier version of the risk rules in force again."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.views.risk import RiskRulesView, RollBackRiskRulesBody
from octane.risk import publishing
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/risk/rules/rollback", summary="Go back to earlier risk rules (staff)", status_code=201)
def roll_back_risk_rules(body: RollBackRiskRulesBody) -> RiskRulesView:
    return RiskRulesView.of(publishing.roll_back(deps(), entry.caller(app), body.to_version, body.based_on))


handler = entry.lambda_entry(app)
