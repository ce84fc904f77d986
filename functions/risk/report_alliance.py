"""Every minute: tell the anti-fraud alliance what was blocked."""

from octane.api.telemetry import logger
from octane.api.workers import Event, worker_entry
from octane.risk.reports import send_reports
from octane.wiring import deps


def report_alliance(_event: Event) -> None:
    logger().info("reported", extra={"reports": send_reports(deps())})


handler = worker_entry(report_alliance)
