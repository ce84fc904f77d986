"""PUT /api/v1/users/<user_id>/freeze: stop an account's orders and payments, and end its tokens."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.views.risk import FreezeView, ReasonBody
from octane.risk import freezes
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.put("/api/v1/users/<user_id>/freeze", summary="Freeze an account (staff)")
def freeze_account(user_id: Annotated[str, Path(max_length=64)], body: ReasonBody) -> FreezeView:
    return FreezeView.of(freezes.freeze_account(deps(), entry.caller(app), user_id, body.reason))


handler = entry.lambda_entry(app)
