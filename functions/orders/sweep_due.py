"""Every minute: send what is due to the due queue."""

from octane.api.workers import Event, worker_entry
from octane.orders import due
from octane.wiring import deps


def sweep_due(_event: Event) -> None:
    due.sweep_due(deps())


handler = worker_entry(sweep_due)
