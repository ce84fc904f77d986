"""GET /api/v1/enterprises/<enterprise_id>: an enterprise and its members."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.views.enterprises import EnterpriseView
from octane.identity import enterprises
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get("/api/v1/enterprises/<enterprise_id>", summary="Read an enterprise and its members")
def get_enterprise(enterprise_id: Annotated[str, Path(max_length=64)]) -> EnterpriseView:
    return EnterpriseView.of(enterprises.get_enterprise(deps(), entry.caller(app), enterprise_id))


handler = entry.lambda_entry(app)
