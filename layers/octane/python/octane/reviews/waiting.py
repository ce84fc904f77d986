"""The state machine's side of a review (OR10): the stages that it waits in, and the deadline.

Each step asks the table how far the review is. A step that runs twice, late or after a person was faster
finds that out and goes on.
"""

from enum import StrEnum

from octane.kernel.errors import UnavailableError
from octane.orders.records import load
from octane.orders.review import OPEN, review_key
from octane.orders.review import expire as expired
from octane.orders.states import OrderState
from octane.reviews.deps import ReviewDeps
from octane.reviews.model import ENDED, Review, ReviewNotFoundError, ReviewState, review_of
from octane.store.store import Store, until_settled
from octane.store.writes import OneOf, Update


class Stage(StrEnum):
    """Whom the state machine waits for."""

    FACE = "FACE"
    """The customer."""
    REVIEWER = "REVIEWER"
    SECOND_REVIEWER = "SECOND_REVIEWER"


def find_review(store: Store, order_id: str) -> Review:
    """Return an order's review, or raise `ReviewNotFoundError`."""
    item = store.get(review_key(order_id))
    if item is None:
        raise ReviewNotFoundError
    return review_of(item)


def stage_of(review: Review) -> Stage | None:
    """Whom the review waits for; None: nobody any more."""
    if review.state in ENDED:
        return None
    if review.state is ReviewState.FACE:
        return Stage.FACE
    return Stage.SECOND_REVIEWER if review.approved_by else Stage.REVIEWER


def start_review(deps: ReviewDeps, order_id: str) -> None:
    """Handle an `OrderHeld` message: start the order's run. A duplicate finds it started; a late one, whose
    review has ended, starts nothing."""
    if find_review(deps.store, order_id).state not in ENDED:
        deps.review_machine.start(order_id)


def wait_for_stage(deps: ReviewDeps, order_id: str, stage: Stage, token: str) -> None:
    """Remember the token of the step that waits for this stage's end; who ends it gives the token back. Is
    the review in another stage already, it is given back at once.

    Remembered first and looked at after: whoever ends the stage between finds the token, or is found.
    """
    remember = Update(
        review_key(order_id),
        when=OneOf("state", OPEN),
        assign={"token": token},
        otherwise=ReviewNotFoundError(),
    )
    try:
        until_settled(lambda: deps.store.commit(remember))
    except ReviewNotFoundError:
        deps.review_machine.resume(token)
        return
    if stage_of(find_review(deps.store, order_id)) is not stage:
        deps.review_machine.resume(token)


def resume(deps: ReviewDeps, token: str) -> None:
    """Tell the machine that its stage has ended. What is lost here only makes it wait until its time-out: the
    decision stands."""
    if not token:
        return
    try:
        deps.review_machine.resume(token)
    except UnavailableError:
        deps.signals.count("ReviewNotResumed")


def expire_review(deps: ReviewDeps, order_id: str) -> bool:
    """Return the money of a review whose deadline has passed; tell whether the review has ended. One that a
    person or the schedule ended stays as it is, and one that is not due by our clock too."""

    return until_settled(lambda: _ended(deps, order_id))


def _ended(deps: ReviewDeps, order_id: str) -> bool:
    dossier, now = load(deps.store, order_id), deps.clock.now()
    order = dossier.order
    if order.state is not OrderState.REVIEWING:
        return True
    if order.due_at is None or now < order.due_at:
        return False
    deps.store.commit(*expired(dossier, now))
    return True
