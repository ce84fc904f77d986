"""DELETE /api/v1/users/<user_id>/freeze: let an account order and pay again."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.views.risk import FreezeView, ReasonBody
from octane.risk import freezes
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.delete("/api/v1/users/<user_id>/freeze", summary="Lift a freeze that somebody else has set (staff)")
def lift_freeze(user_id: Annotated[str, Path(max_length=64)], body: ReasonBody) -> FreezeView:
    return FreezeView.of(freezes.lift_freeze(deps(), entry.caller(app), user_id, body.reason))


handler = entry.lambda_entry(app)
