"""Every ten minutes: pull the provinces' prices, and have told what is still to be told."""

from octane.api.telemetry import logger
from octane.api.workers import Event, worker_entry
from octane.prices import syncing
from octane.wiring import deps


def sync_prices(_event: Event) -> None:
    logger().info("pulled", extra=syncing.sync_prices(deps())._asdict())


handler = worker_entry(sync_prices)
