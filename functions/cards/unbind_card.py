"""DELETE /api/v1/cards/<card_id>: unbind a fuel card."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.cards import cards
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.delete("/api/v1/cards/<card_id>", summary="Unbind a fuel card", status_code=204)
def unbind_card(card_id: Annotated[str, Path(max_length=64)]) -> Response[None]:
    cards.unbind_card(deps().store, entry.caller(app).account_id, card_id)
    return Response(status_code=204)


handler = entry.lambda_entry(app)
