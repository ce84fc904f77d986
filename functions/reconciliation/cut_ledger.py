"""Cut our side of one bill's day from the journal."""

from octane.api.workers import Event, step_entry
from octane.reconciliation import cut_day
from octane.wiring import deps


def cut_ledger(event: Event) -> Event:
    return cut_day.cut_ledger(deps(), event)


handler = step_entry(cut_ledger)
