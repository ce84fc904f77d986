"""Open a day: take its next version, and say whose bills it needs."""

from octane.api.workers import Event, step_entry
from octane.reconciliation.run import open_day as open_run
from octane.reconciliation.run import today_of
from octane.wiring import deps


def open_day(event: Event) -> Event:
    return open_run(deps().store, today_of(deps().clock.now()), event, deps().collected)


handler = step_entry(open_day)
