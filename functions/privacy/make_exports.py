"""Every five minutes: make the copies that people asked for."""

from octane.api.telemetry import logger
from octane.api.workers import Event, worker_entry
from octane.rights import copies
from octane.wiring import deps

RUN_SECONDS = 240
"""Under the function's 300 seconds."""


def make_exports(_event: Event) -> None:
    logger().info("exports", extra={"made": copies.make_exports(deps(), RUN_SECONDS)})


handler = worker_entry(make_exports)
