"""POST /api/v1/enterprises: open an enterprise account."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.views.enterprises import EnterpriseView, OpenEnterprise
from octane.identity import enterprises
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/enterprises", summary="Open an enterprise account as its owner", status_code=201)
def open_enterprise(body: OpenEnterprise, key: entry.IdempotencyKey) -> EnterpriseView:
    return EnterpriseView.of(enterprises.open_enterprise(deps(), entry.caller(app), body.name, key))


handler = entry.lambda_entry(app)
