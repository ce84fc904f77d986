"""Every hour: erase those who asked for it, as soon as nothing is owed."""

from octane.api.telemetry import logger
from octane.api.workers import Event, worker_entry
from octane.rights import erasing
from octane.wiring import deps

RUN_SECONDS = 240
"""Under the function's 300 seconds."""


def erase_people(_event: Event) -> None:
    logger().info("erasures", extra={"erased": erasing.erase_people(deps(), RUN_SECONDS)})


handler = worker_entry(erase_people)
