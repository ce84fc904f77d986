"""A batch of the ledger's stream becomes a block of the journal: hash-chained, written once."""

from octane.api.telemetry import logger
from octane.api.workers import EntryAlteredError, Event, entries_in, worker_entry
from octane.ledger import journal
from octane.wiring import deps


def journal_entries(event: Event) -> None:
    """Add the batch's entries to the journal; a repeated batch adds nothing."""
    try:
        written = journal.append(deps().archive, list(entries_in(event)))
    except (EntryAlteredError, journal.ChainBrokenError) as error:
        deps().signals.count("LedgerAltered", what=str(error))
        raise
    logger().info("journal", extra={"entries": written})


handler = worker_entry(journal_entries)
