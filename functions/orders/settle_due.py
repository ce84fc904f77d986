"""The due queue: somebody must look at an order again."""

from octane.api.workers import Message, queue_entry
from octane.orders import due
from octane.wiring import deps


def settle_due(message: Message) -> None:
    due.settle_due(deps(), message["order_id"])


handler = queue_entry(settle_due)
