"""Put a bill's shards together and prove the day."""

from octane.api.workers import Event, step_entry
from octane.reconciliation import close
from octane.wiring import deps


def merge_source(event: Event) -> Event:
    return close.merge_source(deps(), event)


handler = step_entry(merge_source)
