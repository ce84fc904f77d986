"""GET /api/v1/cards: the caller's fuel cards."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.views.cards import CardList, CardView
from octane.cards import cards
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get("/api/v1/cards", summary="List the fuel cards that are bound")
def list_cards() -> CardList:
    found = cards.list_cards(deps().store, entry.caller(app).account_id)
    return CardList(cards=[CardView.of(card) for card in found])


handler = entry.lambda_entry(app)
