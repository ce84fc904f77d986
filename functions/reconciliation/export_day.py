"""Write a day's files for finance."""

from octane.api.workers import Event, step_entry
from octane.reconciliation import publish
from octane.wiring import deps


def export_day(event: Event) -> Event:
    return publish.publish_day(deps(), event)


handler = step_entry(export_day)
