"""Enterprise accounts and their members."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from octane.api.views import Body, Text, View
from octane.identity.enterprises import MemberState
from octane.kernel.caller import Member
from octane.kernel.clock import rfc3339

if TYPE_CHECKING:
    from octane.identity.enterprises import Enterprise, Membership


class OpenEnterprise(Body):
    name: Text


class SetMember(Body):
    role: Annotated[Member, Field(strict=False)]


class MembershipView(View):
    user_id: str
    role: Member
    state: MemberState = Field(
        description="INVITED until they act for the enterprise (POST /api/v1/me/account)."
    )
    since: str

    @classmethod
    def of(cls, membership: "Membership") -> "MembershipView":
        return cls(
            user_id=membership.user_id,
            role=membership.member,
            state=membership.state,
            since=rfc3339(membership.since),
        )


class EnterpriseView(View):
    enterprise_id: str
    name: str
    opened_at: str
    members: list[MembershipView]

    @classmethod
    def of(cls, enterprise: "Enterprise") -> "EnterpriseView":
        return cls(
            enterprise_id=enterprise.enterprise_id,
            name=enterprise.name,
            opened_at=rfc3339(enterprise.opened_at),
            members=[MembershipView.of(member) for member in enterprise.members],
        )
