"""People's side of a review (OR10): the customer's face, then claim, approve or refuse.

Nobody decides about money that they paid or placed, nobody twice, and nobody after the deadline: then it
belongs to the schedule, whether that has run or not.
"""

from enum import StrEnum

from octane.audit.acts import Act, act_of, record
from octane.identity.enterprises import member_of
from octane.identity.step_ups import Operation, step_up_key, use_step_up
from octane.kernel.caller import READS_REVIEWS, REVIEWS_ORDERS, Caller
from octane.kernel.clock import Instant, later
from octane.kernel.errors import ForbiddenError, InputError
from octane.orders.access import own_order
from octane.orders.records import load
from octane.orders.review import REFUSED, give_back, release
from octane.reviews.deps import ReviewDeps
from octane.reviews.model import ENDED, Review, ReviewState, ReviewStateError, moved
from octane.reviews.waiting import find_review, resume
from octane.store.store import until_settled
from octane.store.writes import ChangedMeanwhileError, Write

SHORTEST_REASON = 4


class Decision(StrEnum):
    APPROVE = "APPROVE"
    REFUSE = "REFUSE"


class OwnReviewError(ForbiddenError):
    code = "OWN_REVIEW"
    summary = "Whoever placed or pays the order, or owns it, cannot review it: another person must."


class SecondReviewerError(ForbiddenError):
    code = "SECOND_REVIEWER"
    summary = "This amount needs two different reviewers: another person must."


class ReviewExpiredError(ReviewStateError):
    code = "REVIEW_EXPIRED"
    summary = "The time for this review is over: its money is returned."


class ReviewReasonMissingError(InputError):
    code = "REVIEW_REASON_MISSING"
    summary = "Say why, in four characters or more."


def get_review(deps: ReviewDeps, caller: Caller, order_id: str) -> Review:
    """Return a review. One AWS call."""
    caller.must_have(READS_REVIEWS)
    return find_review(deps.store, order_id)


def prove_large_top_up(deps: ReviewDeps, caller: Caller, order_id: str, step_up_id: str) -> Review:
    """The customer has shown who they are: use their step-up up, and let reviewers have the order.

    The step-up is bound to the order and its amount. Raises `StepUpRequiredError`; a proof that was given
    before answers the same.
    """

    def prove() -> Review:
        order = own_order(deps, caller, order_id).order
        review, now = find_review(deps.store, order_id), deps.clock.now()
        if review.face:
            return review
        _must_wait(review, now)
        if review.state is not ReviewState.FACE:
            raise ReviewStateError
        operation, amount = Operation.LARGE_TOP_UP, int(order.amount)
        used = use_step_up(caller.user_id, step_up_id, operation, order_id, amount, now)
        new, write = moved(
            review, review._replace(state=ReviewState.WAITING, face=_way(deps, caller, step_up_id))
        )
        act = act_of(caller, "prove_large_top_up", order_id, step_up_id, now, reason=new.face)
        deps.store.commit(write, used, record(act))  # whoever was faster with the same proof is met first
        resume(deps, review.token)
        return new

    return until_settled(prove)


def _way(deps: ReviewDeps, caller: Caller, step_up_id: str) -> str:
    """How it was proven, for the reviewer to see."""
    found = deps.store.get(step_up_key(caller.user_id, step_up_id)) or {}
    return str(found.get("via") or "FACE")


def claim(deps: ReviewDeps, caller: Caller, order_id: str, version: int) -> Review:
    """Take a review for oneself for a while, so that two people do not do the same work. Claiming it again
    prolongs it; a claim that is over is anybody's."""
    caller.must_have(REVIEWS_ORDERS)
    review, now = _at(deps, order_id, version), deps.clock.now()
    _must_be_another(caller, review)
    if review.account_id != review.placed_by and member_of(deps.store, review.account_id, caller.user_id):
        raise OwnReviewError  # an enterprise's money is its members'
    taken = review.state is ReviewState.CLAIMED and now < review.claimed_until
    if review.state is ReviewState.FACE or (taken and review.claimed_by != caller.user_id):
        raise ReviewStateError
    until = later(now, deps.settings.claim_ms)
    claimed = review._replace(state=ReviewState.CLAIMED, claimed_by=caller.user_id, claimed_until=until)
    new, write = moved(review, claimed)
    deps.store.commit(write, record(_act(caller, "claim_review", new, now)))
    return new


def decide(
    deps: ReviewDeps, caller: Caller, order_id: str, decision: Decision, reason: str, version: int
) -> Review:
    """Approve or refuse what one has claimed. One commit: the review's end and the order's go or return.

    Above a limit the first approval only counts: another person claims and decides then. Raises
    `ReviewExpiredError`, `OwnReviewError`, `SecondReviewerError`, `ReviewStateError`, and
    `ChangedMeanwhileError` when `version` is not what the review is at.
    """
    caller.must_have(REVIEWS_ORDERS)
    if len(reason.strip()) < SHORTEST_REASON:
        raise ReviewReasonMissingError

    def act() -> Review:
        review, now = _at(deps, order_id, version), deps.clock.now()
        _must_be_another(caller, review)
        if review.state is not ReviewState.CLAIMED or review.claimed_by != caller.user_id:
            raise ReviewStateError("Claim the review first.")
        new, writes = _decided(deps, caller, review, decision, reason, now)
        deps.store.commit(*writes, record(_act(caller, f"{decision.lower()}_order", new, now, reason)))
        resume(deps, review.token)
        return new

    return until_settled(act)


def _decided(
    deps: ReviewDeps, caller: Caller, review: Review, decision: Decision, reason: str, now: Instant
) -> tuple[Review, tuple[Write, ...]]:
    dossier = load(deps.store, review.order_id)
    if decision is Decision.REFUSE:
        refused = review._replace(state=ReviewState.REFUSED, decided_by=caller.user_id, reason=reason)
        new, write = moved(review, refused)
        return new, (*give_back(dossier, REFUSED, "staff", now), write)
    approved = review._replace(
        approved_by=(*review.approved_by, caller.user_id), claimed_by="", reason=reason
    )
    if len(approved.approved_by) < review.needed:
        new, write = moved(review, approved._replace(state=ReviewState.WAITING))
        return new, (write,)
    new, write = moved(review, approved._replace(state=ReviewState.APPROVED, decided_by=caller.user_id))
    return new, (*release(deps, dossier.order, caller.user_id, now), write)


def _at(deps: ReviewDeps, order_id: str, version: int) -> Review:
    review = find_review(deps.store, order_id)
    _must_wait(review, deps.clock.now())
    if review.version != version:
        raise ChangedMeanwhileError
    return review


def _must_wait(review: Review, now: Instant) -> None:
    if review.state in ENDED:
        raise ReviewStateError(f"This review is {review.state}.")
    if now >= review.expires_at:
        raise ReviewExpiredError


def _must_be_another(caller: Caller, review: Review) -> None:
    if caller.user_id in {review.account_id, review.placed_by, review.paid_by}:
        raise OwnReviewError
    if caller.user_id in review.approved_by:
        raise SecondReviewerError


def _act(caller: Caller, action: str, new: Review, now: Instant, reason: str = "") -> Act:
    return act_of(caller, action, new.order_id, str(new.version), now, reason=reason)
