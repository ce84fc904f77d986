"""The reviews that wait for a person, oldest first."""

from typing import NamedTuple

from octane.kernel.caller import READS_REVIEWS, Caller
from octane.orders.review import OPEN_SHARD, review_key
from octane.reviews.deps import ReviewDeps
from octane.reviews.model import Review, review_of
from octane.store.cursors import read_cursor, write_cursor
from octane.store.items import OPEN, Query, Table

PAGE = 50


class ReviewPage(NamedTuple):
    reviews: list[Review]
    next_cursor: str | None


def list_reviews(deps: ReviewDeps, caller: Caller, cursor: str | None) -> ReviewPage:
    """List what has not ended. Two AWS calls: keys from the index, then the reviews, consistent."""
    caller.must_have(READS_REVIEWS)
    after = read_cursor(cursor, OPEN_SHARD, OPEN)
    page = deps.store.query(Query(Table.REVIEWS, OPEN_SHARD, index=OPEN, limit=PAGE, after=after))
    found = {
        item["pk"]: item for item in deps.store.batch_get([review_key(str(k["pk"])) for k in page.items])
    }
    reviews = [review_of(found[keys["pk"]]) for keys in page.items if keys["pk"] in found]
    return ReviewPage(reviews, write_cursor(page.cursor))
