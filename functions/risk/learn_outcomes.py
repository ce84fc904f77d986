"""A batch of the ledger's stream tells how orders went: grades move, and rules are counted."""

from octane.api.telemetry import logger
from octane.api.workers import Event, entries_in, worker_entry
from octane.risk.outcomes import learn_outcomes, told_by
from octane.wiring import deps


def learn(event: Event) -> None:
    """Learn from the batch's entries; a repeated batch teaches nothing."""
    told = [told_by(one.subject, one.kind, one.proof, one.booked_at) for one in entries_in(event)]
    logger().info("learned", extra={"orders": learn_outcomes(deps(), told)})


handler = worker_entry(learn)
