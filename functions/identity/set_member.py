"""PUT /api/v1/enterprises/<enterprise_id>/members/<user_id>: invite a person, or say what they are."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from octane.api import entry
from octane.api.views.enterprises import MembershipView, SetMember
from octane.identity import members
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)
Id = Annotated[str, Path(max_length=64)]


@app.put(
    "/api/v1/enterprises/<enterprise_id>/members/<user_id>", summary="Invite a member, or change their role"
)
def set_member(enterprise_id: Id, user_id: Id, body: SetMember) -> MembershipView:
    set_ = members.set_member(deps(), entry.caller(app), enterprise_id, user_id, body.role)
    return MembershipView.of(set_)


handler = entry.lambda_entry(app)
