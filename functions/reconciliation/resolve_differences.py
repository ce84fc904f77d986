"""Repair what is safe, set the rest apart for a person."""

from octane.api.workers import Event, step_entry
from octane.reconciliation import close
from octane.wiring import deps


def resolve_differences(event: Event) -> Event:
    return close.resolve_source(deps(), event)


handler = step_entry(resolve_differences)
