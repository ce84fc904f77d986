"""GET /api/v1/billers: whose bills can be paid, and how their account numbers look."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.views.bills import BillerList, BillerView
from octane.billers.names import Biller

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get("/api/v1/billers", summary="Whose bills can be paid, and how their account numbers look")
def list_billers() -> BillerList:
    return BillerList(billers=[BillerView.of(biller) for biller in Biller])


handler = entry.lambda_entry(app)
