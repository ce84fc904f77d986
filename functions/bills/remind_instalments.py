"""Every hour: remind whoever has an instalment to pay."""

from octane.api.telemetry import logger
from octane.api.workers import Event, worker_entry
from octane.bills import reminders
from octane.wiring import deps

RUN_SECONDS = 240
"""Under the function's 300 seconds."""


def remind_instalments(_event: Event) -> None:
    logger().info("reminded", extra={"sent": reminders.remind_instalments(deps(), RUN_SECONDS)})


handler = worker_entry(remind_instalments)
