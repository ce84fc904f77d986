"""The stream of the orders table: each new step that must go somewhere goes to its queue."""

from octane.api.workers import Event, steps_in, worker_entry
from octane.orders.dispatch import dispatch
from octane.wiring import deps


def dispatch_events(event: Event) -> None:
    dispatch(deps(), steps_in(event))


handler = worker_entry(dispatch_events)
