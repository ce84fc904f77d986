"""DELETE /api/v1/enterprises/<enterprise_id>/members/<user_id>: let a member go, or leave."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.identity import members
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)
Id = Annotated[str, Path(max_length=64)]


@app.delete(
    "/api/v1/enterprises/<enterprise_id>/members/<user_id>", summary="Remove a member", status_code=204
)
def remove_member(enterprise_id: Id, user_id: Id) -> Response[None]:
    members.remove_member(deps(), entry.caller(app), enterprise_id, user_id)
    return Response(204)


handler = entry.lambda_entry(app)
