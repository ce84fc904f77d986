"""POST /api/v1/orders/<order_id>/step-up: the customer has shown who they are; reviewers may go on."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.views.reviews import OrderProofView, ProveOrder
from octane.reviews import deciding
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post(
    "/api/v1/orders/<order_id>/step-up", summary="Use a passed step-up for a large order", status_code=201
)
def prove_order(order_id: Annotated[str, Path(max_length=64)], body: ProveOrder) -> OrderProofView:
    return OrderProofView.of(
        deciding.prove_large_top_up(deps(), entry.caller(app), order_id, body.step_up_id)
    )


handler = entry.lambda_entry(app)
