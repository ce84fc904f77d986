"""The stream of the orders table: tell each person what became of their order."""

from octane.api.workers import Event, steps_in, worker_entry
from octane.notify.push import push
from octane.orders.changes import changes_in
from octane.wiring import deps


def push_changes(event: Event) -> None:
    push(deps(), changes_in(steps_in(event)))


handler = worker_entry(push_changes)
