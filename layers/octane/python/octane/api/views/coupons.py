"""Coupons as their owner sees them."""

from typing import TYPE_CHECKING, Any, Self

from pydantic import Field

from octane.api.views import Body, View
from octane.coupons.holding import CouponState, Discount
from octane.kernel.clock import Instant, rfc3339

if TYPE_CHECKING:
    from octane.coupons.campaigns import Terms
    from octane.coupons.holding import Coupon
    from octane.coupons.listing import CouponPage


class ClaimByCodeBody(Body):
    code: str = Field(min_length=16, max_length=32, pattern=r"^[0-9A-Za-z -]+$")


class TermsView(View):
    discount: Discount
    value: int = Field(description="Fen; with PERCENT, percent off")
    threshold_fen: int
    cap_fen: int
    products: str
    stackable: bool
    returns: bool


def terms_fields(terms: "Terms | Coupon") -> dict[str, Any]:
    """What a `TermsView` shows."""
    return {
        "discount": terms.discount,
        "value": terms.value,
        "threshold_fen": terms.threshold,
        "cap_fen": terms.cap,
        "products": terms.products,
        "stackable": terms.stackable,
        "returns": terms.returns,
    }


class CouponView(TermsView):
    coupon_id: str
    campaign_id: str
    name: str
    state: CouponState
    is_expired: bool
    claimed_at: str
    valid_until: str = Field(description="Exclusive; an order that holds it in time may be paid later")
    order_id: str | None = Field(description="The order that holds or has redeemed it")

    @classmethod
    def of(cls, coupon: "Coupon", now: Instant) -> Self:
        return cls(
            **terms_fields(coupon),
            coupon_id=coupon.coupon_id,
            campaign_id=coupon.campaign_id,
            name=coupon.name,
            state=coupon.state,
            is_expired=coupon.is_expired(now),
            claimed_at=rfc3339(coupon.claimed_at),
            valid_until=rfc3339(coupon.valid_until),
            order_id=coupon.order_id or None,
        )


class CouponList(View):
    coupons: list[CouponView]
    next_cursor: str | None

    @classmethod
    def of(cls, page: "CouponPage", now: Instant) -> Self:
        return cls(coupons=[CouponView.of(each, now) for each in page.coupons], next_cursor=page.next_cursor)
