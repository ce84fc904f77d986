"""A step of the review's state machine: its time is over, return the money unless the review has ended."""

from octane.api.workers import Event, step_entry
from octane.reviews import waiting
from octane.wiring import deps


def expire_review(event: Event) -> Event:
    return {"order_id": event["order_id"], "ended": waiting.expire_review(deps(), event["order_id"])}


handler = step_entry(expire_review)
