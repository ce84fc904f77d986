"""What a person keeps with us about themselves: payment password, name, whom they act for."""

from typing import TYPE_CHECKING

from pydantic import Field

from octane.api.views import Body, Text, View

if TYPE_CHECKING:
    from octane.identity.real_names import RealName


class SetPaymentPassword(Body):
    pin: str = Field(min_length=1, max_length=16, description="Six digits, no pattern, no birthday.")


class SetRealName(Body):
    name: Text
    identity_number: str = Field(min_length=18, max_length=18, pattern=r"^[0-9]{17}[0-9Xx]$")


class RealNameView(View):
    name: str = Field(description="Masked: all but its last character.")
    identity_number: str = Field(description="Masked: its last four characters.")
    verified: bool = Field(description="By a face; then it stays as it is.")

    @classmethod
    def of(cls, known: "RealName") -> "RealNameView":
        return cls(name=known.name_masked, identity_number=known.number_masked, verified=known.is_verified)


class ActFor(Body):
    enterprise_id: str = Field(
        max_length=26, pattern=r"^([A-Z2-7]{26})?$", description="Empty: for oneself again."
    )
