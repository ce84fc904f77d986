"""The review queue: an order is paid and held, start the run of its review."""

from octane.api.workers import Message, queue_entry
from octane.reviews import waiting
from octane.wiring import deps


def start_review(message: Message) -> None:
    waiting.start_review(deps(), message["order_id"])


handler = queue_entry(start_review)
