"""Every hour: write where every chain stands, and have it timestamped."""

from octane.api.telemetry import logger
from octane.api.workers import Event, worker_entry
from octane.evidence.stamping import stamp_heads as stamp
from octane.wiring import deps


def stamp_heads(_: Event) -> None:
    done = stamp(deps())
    found = {"heads": done.heads.name, "stamped": done.stamped, "waiting": done.waiting}
    logger().info("heads", extra=found)


handler = worker_entry(stamp_heads)
