"""Prices of fuel, and who is told when they change."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from octane.api.views import Body, View
from octane.kernel.clock import rfc3339
from octane.kernel.errors import NotFoundError
from octane.kernel.provinces import NAMES, Province, province_named
from octane.prices.model import Grade

if TYPE_CHECKING:
    from octane.prices.prices import Shown
    from octane.prices.subscriptions import Subscription


class ProvinceUnknownError(NotFoundError):
    code = "PROVINCE_UNKNOWN"
    summary = "Name a province by its letters (`BJ`) or its name."


def province_of(text: str) -> Province:
    """Read a province; raise `ProvinceUnknownError`."""
    try:
        return Province(text)
    except ValueError:
        found = province_named(text)
    if found is None:
        raise ProvinceUnknownError
    return found


class GradePrice(View):
    fen: int = Field(description="Fen per litre.", examples=[755])
    as_of: str = Field(description="When its source last said so.")
    stale: bool = Field(description="Its source has been silent about it for long: it may have changed.")
    suspect_fen: int | None = Field(
        None, description="For staff: what a source says now, held back because it is far from this price."
    )


class ProvinceView(View):
    province: str = Field(examples=["BJ"])
    name: str = Field(examples=["北京"])
    version: int
    grades: dict[str, GradePrice] = Field(description="By octane number; `0` is diesel.")

    @classmethod
    def of(cls, shown: "Shown", *, with_suspects: bool) -> "ProvinceView":
        prices = shown.prices
        suspects = prices.suspects if with_suspects else {}
        return cls(
            province=prices.province.value,
            name=NAMES[prices.province],
            version=prices.version,
            grades={
                grade.value: GradePrice(
                    fen=price.fen,
                    as_of=rfc3339(price.as_of),
                    stale=grade in shown.stale,
                    suspect_fen=suspects[grade].fen if grade in suspects else None,
                )
                for grade in Grade
                if (price := prices.prices.get(grade)) is not None
            },
        )


class PriceList(View):
    provinces: list[ProvinceView]


class SetPrices(Body):
    fens: dict[Annotated[Grade, Field(strict=False)], int] = Field(
        description="Fen per litre of the grades to set; the others stay.", examples=[{"92": 755}]
    )
    based_on: int = Field(ge=0, description="The version that this was decided on.")
    reason: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f<>]+$")


class SubscriptionView(View):
    province: str
    name: str
    since: str

    @classmethod
    def of(cls, subscription: "Subscription") -> "SubscriptionView":
        province = subscription.province
        return cls(province=province.value, name=NAMES[province], since=rfc3339(subscription.since))


class SubscriptionList(View):
    subscriptions: list[SubscriptionView]
