"""POST /api/v1/cards: bind a fuel card."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.views.cards import BindCard, CardView
from octane.cards import cards
from octane.identity.users import phone_of
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/cards", summary="Bind a fuel card", status_code=201)
def bind_card(body: BindCard, key: entry.IdempotencyKey) -> CardView:
    user_id, wiring = entry.caller(app).user_id, deps()
    phone = phone_of(wiring.store, user_id)
    return CardView.of(
        cards.bind_card(wiring.store, wiring.clock, user_id, phone, body.number, body.holder_name, key)
    )


handler = entry.lambda_entry(app)
