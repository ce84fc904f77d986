"""Reviews of orders, and what people decide about them."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from octane.api.views import Body, View
from octane.kernel.clock import rfc3339
from octane.reviews.deciding import Decision
from octane.reviews.model import ReviewState

if TYPE_CHECKING:
    from octane.reviews.listing import ReviewPage
    from octane.reviews.model import Review

VERSION = Field(ge=1, description="The version that was read: a change made meanwhile refuses this.")


class ProveOrder(Body):
    step_up_id: str = Field(
        min_length=1,
        max_length=64,
        description="A passed step-up of operation LARGE_TOP_UP for this order and its amount.",
    )


class ClaimReview(Body):
    version: int = VERSION


class DecideReview(Body):
    decision: Annotated[Decision, Field(strict=False)]
    reason: str = Field(min_length=4, max_length=500, description="Why; kept for ever.")
    version: int = VERSION


class ReviewView(View):
    order_id: str
    state: ReviewState
    version: int
    why: str = Field(description="LARGE_AMOUNT, or RISK.")
    amount_fen: int
    account_id: str
    placed_by: str
    approvals_needed: int
    approved_by: list[str]
    face: str = Field(description="How the customer proved themselves: FACE or FALLBACK; empty: not yet.")
    opened_at: str
    expires_at: str = Field(description="Then the money is returned.")
    claimed_by: str
    decided_by: str
    reason: str

    @classmethod
    def of(cls, review: "Review") -> "ReviewView":
        return cls(
            order_id=review.order_id,
            state=review.state,
            version=review.version,
            why=review.why,
            amount_fen=review.amount,
            account_id=review.account_id,
            placed_by=review.placed_by,
            approvals_needed=review.needed,
            approved_by=list(review.approved_by),
            face=review.face,
            opened_at=rfc3339(review.opened_at),
            expires_at=rfc3339(review.expires_at),
            claimed_by=review.claimed_by,
            decided_by=review.decided_by,
            reason=review.reason,
        )


class ReviewList(View):
    reviews: list[ReviewView]
    next_cursor: str | None

    @classmethod
    def of(cls, page: "ReviewPage") -> "ReviewList":
        return cls(reviews=[ReviewView.of(each) for each in page.reviews], next_cursor=page.next_cursor)


class OrderProofView(View):
    """What the customer sees of their order's review."""

    order_id: str
    state: ReviewState
    expires_at: str

    @classmethod
    def of(cls, review: "Review") -> "OrderProofView":
        return cls(order_id=review.order_id, state=review.state, expires_at=rfc3339(review.expires_at))
