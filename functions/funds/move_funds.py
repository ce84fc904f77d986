"""Every five minutes: what waited too long expires, what was instructed is sent to the custody bank."""

from octane.api.workers import Event, worker_entry
from octane.funds import instructions
from octane.wiring import deps


def move_funds(_event: Event) -> None:
    instructions.move_funds(deps())


handler = worker_entry(move_funds)
