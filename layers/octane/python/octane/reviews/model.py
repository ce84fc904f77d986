"""A review as it stands in the table, and the writes that move it (OR10).

    FACE ──► WAITING ◄──► CLAIMED ──► APPROVED   (go; a second person first, above a limit)
      │         │            ├──────► REFUSED    (return)
      └─────────┴────────────┴──────► EXPIRED    (return)

Its last move stands in one commit with the order's: the order's state is the one truth of its money.
"""

from enum import StrEnum
from typing import NamedTuple

from octane.kernel.clock import Instant
from octane.kernel.errors import NotFoundError, StateError
from octane.kernel.money import Fen
from octane.orders.review import OPEN_SHARD, review_key
from octane.store.items import Item, Value
from octane.store.writes import ChangedMeanwhileError, Is, Missing, Update, all_of


class ReviewNotFoundError(NotFoundError):
    code = "REVIEW_NOT_FOUND"
    summary = "There is no review of such an order."


class ReviewStateError(StateError):
    code = "REVIEW_STATE"
    summary = "The review's state does not allow that."


class ReviewState(StrEnum):
    FACE = "FACE"
    """The customer has to show their face first."""
    WAITING = "WAITING"
    CLAIMED = "CLAIMED"
    APPROVED = "APPROVED"
    REFUSED = "REFUSED"
    EXPIRED = "EXPIRED"


ENDED = frozenset({ReviewState.APPROVED, ReviewState.REFUSED, ReviewState.EXPIRED})


class Review(NamedTuple):
    """Of one order, by whose number it goes."""

    order_id: str
    state: ReviewState
    version: int
    why: str
    """LARGE_AMOUNT or RISK."""
    amount: Fen
    account_id: str
    placed_by: str
    needed: int
    """How many different reviewers must approve."""
    opened_at: Instant
    expires_at: Instant
    """Then the money is returned."""
    paid_by: str = ""
    face: str = ""
    """How the customer proved themselves: FACE, or FALLBACK where the verifier was not available."""
    claimed_by: str = ""
    claimed_until: Instant = Instant(0)
    approved_by: tuple[str, ...] = ()
    decided_by: str = ""
    reason: str = ""
    token: str = ""
    """Of the state machine's step that waits; it tells nobody anything else."""


def review_of(item: Item) -> Review:
    """Read a review back; `KeyError` and `ValueError` are faults of ours."""
    approved = item.get("approved_by", [])
    return Review(
        order_id=str(item["pk"]),
        state=ReviewState(str(item["state"])),
        version=_whole(item["version"]),
        why=str(item["why"]),
        amount=Fen(_whole(item["amount"])),
        account_id=str(item["account_id"]),
        placed_by=str(item["placed_by"]),
        needed=_whole(item["needed"]),
        opened_at=Instant(_whole(item["opened_at"])),
        expires_at=Instant(_whole(item["expires_at"])),
        paid_by=str(item.get("paid_by", "")),
        face=str(item.get("face", "")),
        claimed_by=str(item.get("claimed_by", "")),
        claimed_until=Instant(_whole(item.get("claimed_until", 0))),
        approved_by=tuple(map(str, approved)) if isinstance(approved, list) else (),
        decided_by=str(item.get("decided_by", "")),
        reason=str(item.get("reason", "")),
        token=str(item.get("token", "")),
    )


def _whole(value: Value) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(value)
    return value


def moved(old: Review, new: Review) -> tuple[Review, Update]:
    """Return the review one version on, and the write: refused when somebody else moved it first, or when the
    machine came to wait meanwhile, whose token must be known to whoever moves it."""
    review = new._replace(version=old.version + 1)
    assign: dict[str, Value] = {
        "state": review.state.value,
        "version": review.version,
        "face": review.face,
        "claimed_by": review.claimed_by,
        "claimed_until": review.claimed_until,
        "approved_by": list(review.approved_by),
        "decided_by": review.decided_by,
        "reason": review.reason,
        "open_shard": OPEN_SHARD,
    }
    remove: tuple[str, ...] = ()
    if review.state in ENDED:
        del assign["open_shard"]
        remove = ("open_shard", "token")
    return review, Update(
        review_key(old.order_id),
        when=all_of(Is("version", old.version), Is("token", old.token) if old.token else Missing("token")),
        assign=assign,
        remove=remove,
        otherwise=ChangedMeanwhileError(),
    )
