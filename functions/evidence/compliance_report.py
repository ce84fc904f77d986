"""On the third of each month: count the month that is over, and print it; `{"month": "2026-11"}` names it."""

from octane.api.telemetry import logger
from octane.api.workers import Event, worker_entry
from octane.evidence.compliance import keep_report, month_before, report_of
from octane.evidence.compliance_pdf import compliance_pdf
from octane.wiring import deps


def compliance_report(event: Event) -> None:
    month = str(event.get("month") or month_before(deps().clock.now()))
    report = report_of(deps().archive, month)
    folder = keep_report(deps().archive, report, compliance_pdf(report))
    if report.broken:
        deps().signals.count("ChainBroken", book="audit", what=report.broken[0])
    logger().info("compliance", extra={"folder": folder, "acts": report.acts})


handler = worker_entry(compliance_report)
