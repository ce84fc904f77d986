"""Close the trial balance and check the custody bank against the ledger."""

from octane.api.workers import Event, step_entry
from octane.reconciliation import funds_step
from octane.wiring import deps


def check_funds(event: Event) -> Event:
    return funds_step.check_funds_step(deps(), event)


handler = step_entry(check_funds)
