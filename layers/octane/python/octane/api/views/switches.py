"""Degradation switches."""

from typing import TYPE_CHECKING

from pydantic import Field

from octane.api.views import View

if TYPE_CHECKING:
    from octane.kernel.switches import Switches


class SwitchesView(View):
    maintenance: bool = Field(description="No new orders; open ones go on.")
    hide_marketing: bool = Field(description="Show no coupons, campaigns or recommendations.")
    simple_answers: bool = Field(description="Orders come without their timeline; show simple pages.")

    @classmethod
    def of(cls, switches: "Switches") -> "SwitchesView":
        return cls(**switches._asdict())
