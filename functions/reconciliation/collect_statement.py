"""Collect one bill: keep it as it came, normalise it."""

from octane.api.workers import Event, step_entry
from octane.reconciliation import collect
from octane.wiring import deps


def collect_statement(event: Event) -> Event:
    return collect.collect_statement(deps(), event)


handler = step_entry(collect_statement)
