"""The outbox relay (OR6): a step that must go somewhere leaves the table's stream for its queue."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from octane.orders.deps import Deps
from octane.orders.model import Step

if TYPE_CHECKING:
    from octane.orders.states import Queue


def dispatch(deps: Deps, steps: Iterable[Step]) -> None:
    """Send each step's message, one batch a queue. Raises when a queue refuses, so that the stream tries
    again."""
    waiting: dict[Queue, list[dict[str, str | int]]] = {}
    for step in steps:
        if step.queue is not None:
            message: dict[str, str | int] = {"order_id": step.order_id, "event": step.event.value}
            if step.refund_no:
                message["refund_no"] = step.refund_no
            waiting.setdefault(step.queue, []).append(message)
    for queue, messages in waiting.items():
        deps.queues.send(queue, messages)
