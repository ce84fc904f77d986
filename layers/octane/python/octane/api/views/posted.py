"""What a litre costs at a station; apart from the views of stations, whose import is dear."""

from typing import TYPE_CHECKING

from pydantic import Field

from octane.api.views import View
from octane.kernel.clock import rfc3339

if TYPE_CHECKING:
    from octane.stations.posted import PostedPrice


class StationPriceView(View):
    grade: str = Field(description="Octane number; `0` is diesel.")
    fen_per_litre: int
    as_of: str = Field(description="When its source last said so.")
    age_hours: int
    stale: bool = Field(description="Too old to be relied on: show it as such.")

    @classmethod
    def of(cls, price: "PostedPrice") -> "StationPriceView":
        return cls(
            grade=price.grade,
            fen_per_litre=price.fen_per_litre,
            as_of=rfc3339(price.as_of),
            age_hours=price.age_hours,
            stale=price.stale,
        )
