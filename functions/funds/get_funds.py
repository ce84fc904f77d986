"""GET /api/v1/funds: what the custody bank has of ours, hot and cold, and what is on the way."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.views.funds import FundsView
from octane.funds import overview
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get("/api/v1/funds", summary="Our money at the custody bank (finance)")
def get_funds() -> FundsView:
    return FundsView.of(overview.get_funds(deps(), entry.caller(app)))


handler = entry.lambda_entry(app)
