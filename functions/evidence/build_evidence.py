"""A request for evidence, from the audit table's stream: build its package."""

from octane.api.telemetry import logger
from octane.api.workers import Event, inserted_in, worker_entry
from octane.evidence.packing import build_package
from octane.evidence.requests import request_in
from octane.wiring import deps


def build_evidence(event: Event) -> None:
    """Build what was asked for; what cannot be proven yet is tried again with the whole batch."""
    for item in inserted_in(event):
        request = request_in(item)
        proven = build_package(deps(), request)
        logger().info("package", extra={"evidence_id": request.evidence_id, "records": proven})


handler = worker_entry(build_evidence)
