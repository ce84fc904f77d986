"""Every five minutes: throttle the campaigns of a fuel that is short, let the others go."""

from octane.api.telemetry import logger
from octane.api.workers import Event, worker_entry
from octane.coupons import supply
from octane.wiring import deps


def sync_supply(_event: Event) -> None:
    logger().info("synchronised", extra={"changed": supply.sync_supply(deps())})


handler = worker_entry(sync_supply)
