"""Match one shard of a bill's day."""

from octane.api.workers import Event, step_entry
from octane.reconciliation import close
from octane.wiring import deps


def match_shard(event: Event) -> Event:
    return close.match_shard(deps(), event)


handler = step_entry(match_shard)
