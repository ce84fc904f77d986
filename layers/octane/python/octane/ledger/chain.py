"""The hash chain over the ledger's entries (LG7): who changes, drops, adds or moves one entry breaks it.

A Beijing day of booking has `CHAINS` chains; an entry's subject says which is its own. A line of a chain is

    {"no":<from 1>,"entry":<canonical JSON>,"hash":"<hex>"}

where hash = SHA-256(hash of the line before + LF + canonical JSON); before the first line stands
SHA-256("octane-journal/1 <day> <chain>"). An entry may stand in its chain twice, with the same content:
readers take the first.
"""

import zlib
from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

import orjson

from octane.kernel.clock import Instant, in_beijing
from octane.ledger.accounts import UnbalancedEntryError
from octane.ledger.entries import Entry, Leg

CHAINS = 4


class JournalBrokenError(ValueError):
    """A chain that does not hold, and where: somebody changed what is written once."""

    def __init__(self, day: str, chain: str, no: int, reason: str) -> None:
        self.day, self.chain, self.no, self.reason = day, chain, no, reason
        super().__init__(f"journal of {day}, chain {chain}, entry {no}: {reason}")


class Head(NamedTuple):
    """How far a chain goes."""

    day: str
    """YYYY-MM-DD in Beijing, of booking."""
    chain: str
    """00 to 03."""
    blocks: int
    entries: int
    hash: str


def day_of(instant: Instant) -> str:
    return in_beijing(instant).date().isoformat()


def chain_of(subject: str) -> str:
    return f"{zlib.crc32(subject.encode()) % CHAINS:02d}"


def genesis(day: str, chain: str) -> Head:
    return Head(day, chain, 0, 0, sha256(f"octane-journal/1 {day} {chain}".encode()).hexdigest())


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


def extend(head: Head, entries: Iterable[Entry]) -> tuple[Head, bytes]:
    """The chain's next block: where it then ends, and the block's lines."""
    no, link, lines = head.entries, head.hash, []
    for entry in entries:
        text = canonical(entry)
        no, link = no + 1, _link(link, text)
        lines.append(_line(no, text, link))
    return Head(head.day, head.chain, head.blocks + 1, no, link), "".join(lines).encode()


def check_block(head: Head, content: bytes) -> tuple[Head, list[Entry]]:
    """Read the block behind `head`; raises `JournalBrokenError` at the first line that is not as it was
    written."""
    no, link, entries = head.entries, head.hash, []
    for line in content.split(b"\n")[:-1]:
        no += 1
        try:
            entry = _entry(orjson.loads(line)["entry"])
        except (ValueError, KeyError, TypeError, UnbalancedEntryError) as error:
            raise JournalBrokenError(head.day, head.chain, no, "it cannot be read") from error
        text = canonical(entry)
        link = _link(link, text)
        if _line(no, text, link).encode() != line + b"\n":
            raise JournalBrokenError(head.day, head.chain, no, "it is not what was written here")
        if (day_of(entry.booked_at), chain_of(entry.subject)) != (head.day, head.chain):
            raise JournalBrokenError(head.day, head.chain, no, "it belongs to another day or chain")
        entries.append(entry)
    if not content.endswith(b"\n"):
        raise JournalBrokenError(head.day, head.chain, no + 1, "the block does not end with a whole line")
    return Head(head.day, head.chain, head.blocks + 1, no, link), entries


def last_of(day: str, chain: str, block: int, content: bytes) -> Head:
    """Where the chain ends after a block, as the block itself says: to go on from, unproven."""
    try:
        last = orjson.loads(content.splitlines()[-1])
        return Head(day, chain, block, int(last["no"]), str(last["hash"]))
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise JournalBrokenError(day, chain, 0, f"block {block} cannot be read") from error


def _link(previous: str, text: str) -> str:
    return sha256(f"{previous}\n{text}".encode()).hexdigest()


def _line(no: int, text: str, link: str) -> str:
    return f'{{"no":{no},"entry":{text},"hash":"{link}"}}\n'


def _entry(record: dict[str, object]) -> Entry:
    legs = record["legs"]
    if not isinstance(legs, list):
        raise TypeError(legs)
    return Entry(
        subject=str(record["subject"]),
        kind=str(record["kind"]),
        reference=str(record["reference"]),
        legs=tuple(Leg(str(leg["account"]), int(leg["fen"])) for leg in legs),
        effective_at=Instant(_whole(record["effective_at"])),
        booked_at=Instant(_whole(record["booked_at"])),
        proof=str(record["proof"]),
        party=str(record["party"]),
    )


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(value)
    return value
