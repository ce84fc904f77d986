"""Every ten minutes: pull the provinces' prices, and have told what is still to be told."""

from octane.api.telemetry import logger
from octane.api.workers import Event, worker_entry
from octane.kernel.clock import SECOND, later
from octane.prices import syncing
from octane.wiring import deps

WORK_MS = 40 * SECOND
"""The function has 60: what was heard is still to be published and told."""


def sync_prices(_event: Event) -> None:
    until = later(deps().clock.now(), WORK_MS)
    logger().info("pulled", extra=syncing.sync_prices(deps(), until)._asdict())


handler = worker_entry(sync_prices)
