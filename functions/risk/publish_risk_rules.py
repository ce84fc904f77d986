"""POST /api/v1/risk/rules: put a new version of the risk rules in force."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.views.risk import PublishRiskRulesBody, RiskRulesView
from octane.risk import publishing
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/risk/rules", summary="Put new risk rules in force (staff)", status_code=201)
def publish_risk_rules(body: PublishRiskRulesBody) -> RiskRulesView:
    return RiskRulesView.of(publishing.publish_rules(deps(), entry.caller(app), body.rules, body.based_on))


handler = entry.lambda_entry(app)
