"""What the ERP says of the fuel, as staff see it."""

from typing import TYPE_CHECKING, Self

from pydantic import Field

from octane.api.views import View
from octane.kernel.clock import Instant, rfc3339

if TYPE_CHECKING:
    from octane.coupons.supply import Supply


class LevelView(View):
    grade: str
    litres: int
    threshold_litres: int
    is_low: bool
    measured_at: str
    is_stale: bool = Field(description="Measured too long ago to decide anything, or ahead of our clock")


class SupplyView(View):
    levels: list[LevelView]
    heard_at: str | None = Field(description="When the ERP last answered")
    is_silent: bool

    @classmethod
    def of(cls, supply: "Supply", now: Instant) -> Self:
        levels = [
            LevelView(
                grade=level.grade,
                litres=level.litres,
                threshold_litres=level.threshold,
                is_low=level.is_low,
                measured_at=rfc3339(level.measured_at),
                is_stale=level.is_stale(now),
            )
            for level in supply.levels
        ]
        heard = None if supply.heard_at is None else rfc3339(supply.heard_at)
        return cls(levels=levels, heard_at=heard, is_silent=supply.is_silent)
