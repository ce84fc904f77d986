"""GET /api/v1/risk/decisions/<order_id>: why an order was let through, held or refused."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.views.risk import RiskDecisionsView, RiskDecisionView
from octane.risk import decisions
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get("/api/v1/risk/decisions/<order_id>", summary="Why risk decided so on an order (staff)")
def get_risk_decision(order_id: Annotated[str, Path(max_length=64)]) -> RiskDecisionsView:
    found = decisions.show_decisions(deps(), entry.caller(app), order_id)
    return RiskDecisionsView(decisions=[RiskDecisionView.of(shown) for shown in found])


handler = entry.lambda_entry(app)
