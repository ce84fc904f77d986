"""What a person is told of their order's steps."""

from collections.abc import Iterable, Iterator

from octane.kernel.clock import rfc3339
from octane.notify.push import Change
from octane.orders.model import Step
from octane.orders.states import Event

OWN_DOING = frozenset({Event.ORDER_PLACED, Event.PAYMENT_STARTED})
"""What the person has just done themselves, and has had an answer to."""
STAFF_ONLY = frozenset({Event.REFUND_STUCK, Event.ISSUER_CONTRADICTED})


def changes_in(steps: Iterable[Step]) -> Iterator[Change]:
    for step in steps:
        if step.event not in OWN_DOING | STAFF_ONLY:
            yield Change(
                step.user_id,
                {
                    "type": "order.changed",
                    "order_id": step.order_id,
                    "state": step.target.value,
                    "event": step.event.value,
                    "no": str(step.no),
                    "at": rfc3339(step.at),
                },
            )
