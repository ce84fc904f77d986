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
    caller = entry.caller(app)
    phone = phone_of(deps().store, deps().vault, caller.user_id)
    bound = cards.bind_card(deps(), caller.account_id, phone, body.number, body.holder_name, key)
    return CardView.of(bound)


handler = entry.lambda_entry(app)
