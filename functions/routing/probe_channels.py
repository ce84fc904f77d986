"""Every minute: ask a sick channel whether it is well again."""

from octane.api.telemetry import logger
from octane.api.workers import Event, worker_entry
from octane.orders import probes
from octane.wiring import deps


def probe_channels(_event: Event) -> None:
    logger().info("probed", extra={"channels": probes.probe_channels(deps())})


handler = worker_entry(probe_channels)
