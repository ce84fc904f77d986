"""Every hour: fetch WeChat Pay's platform certificates."""

from octane.api.telemetry import logger
from octane.api.workers import Event, worker_entry
from octane.channels import platform_keys
from octane.wiring import deps


def refresh_certificates(_event: Event) -> None:
    serials = platform_keys.refresh_certificates(deps().store, deps().platform_keys)
    logger().info("certificates", extra={"serials": serials})


handler = worker_entry(refresh_certificates)
