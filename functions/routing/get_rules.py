"""GET /api/v1/routing/rules: the routing rules in force."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.views.rules import RulesView
from octane.orders import rules
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get("/api/v1/routing/rules", summary="The routing rules in force (staff)")
def get_rules() -> RulesView:
    return RulesView.of(rules.get_rules(deps(), entry.caller(app)))


handler = entry.lambda_entry(app)
