"""Sign a day's files, and say whether the day is closed."""

from octane.api.workers import Event, step_entry
from octane.reconciliation import seal
from octane.wiring import deps


def seal_day(event: Event) -> Event:
    return seal.seal_run(deps(), event)


handler = step_entry(seal_day)
