"""The ledger's entries as their book writes them (LG7)."""

from typing import Any

import orjson

from octane.kernel.clock import Instant
from octane.ledger.accounts import UnbalancedEntryError
from octane.ledger.entries import Entry, Leg
from octane.store.chain import Book


def canonical(entry: Entry) -> str:
    """The one way to write an entry: keys sorted, no space, UTF-8 as it is."""
    record = {
        "booked_at": entry.booked_at,
        "effective_at": entry.effective_at,
        "kind": entry.kind,
        "legs": [{"account": leg.account, "fen": leg.fen} for leg in entry.legs],
        "party": entry.party,
        "proof": entry.proof,
        "reference": entry.reference,
        "subject": entry.subject,
    }
    return orjson.dumps(record).decode()


def _entry(record: dict[str, Any]) -> Entry:
    try:
        return Entry(
            subject=str(record["subject"]),
            kind=str(record["kind"]),
            reference=str(record["reference"]),
            legs=tuple(Leg(str(leg["account"]), int(leg["fen"])) for leg in record["legs"]),
            effective_at=Instant(_whole(record["effective_at"])),
            booked_at=Instant(_whole(record["booked_at"])),
            proof=str(record["proof"]),
            party=str(record["party"]),
        )
    except UnbalancedEntryError as error:
        raise ValueError(str(error)) from error


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(value)
    return value


ENTRIES: Book[Entry] = Book(
    folder="journal",
    format="octane-journal/1",
    word="entry",
    write=canonical,
    read=_entry,
    at=lambda entry: entry.booked_at,
    key=lambda entry: (entry.subject, entry.kind, entry.reference),
)
