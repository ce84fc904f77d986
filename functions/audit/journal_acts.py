"""A batch of the audit table's stream becomes a block of the book of acts: hash-chained, written once."""

from octane.api.telemetry import logger
from octane.api.workers import EntryAlteredError, Event, acts_in, worker_entry
from octane.audit.journal import ChainBrokenError, append
from octane.wiring import deps


def journal_acts(event: Event) -> None:
    """Add the batch's acts to their chains; a repeated batch adds nothing."""
    try:
        written = append(deps().archive, list(acts_in(event)))
    except (EntryAlteredError, ChainBrokenError) as error:
        deps().signals.count("AuditAltered", what=str(error))
        raise
    logger().info("acts", extra={"acts": written})


handler = worker_entry(journal_acts)
