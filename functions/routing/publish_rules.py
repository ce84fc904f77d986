"""POST /api/v1/routing/rules: put a new version of the routing rules in force."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.views.rules import PublishRulesBody, RulesView
from octane.orders import rules
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/routing/rules", summary="Put new routing rules in force (staff)", status_code=201)
def publish_rules(body: PublishRulesBody) -> RulesView:
    return RulesView.of(rules.publish_rules(deps(), entry.caller(app), body.rules, body.based_on))


handler = entry.lambda_entry(app)
