"""GET /api/v1/me: who is logged in."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api.entry import caller, lambda_entry, read_json
from octane.api.views.identity import UserView
from octane.identity.users import get_user
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=read_json)


@app.get("/api/v1/me", summary="Show who is logged in")
def get_me() -> UserView:
    return UserView.of(get_user(deps().store, caller(app).user_id))


handler = lambda_entry(app)
