"""Hash chains over records that are written once (LG7, SE2): who changes, drops, adds or moves one breaks it.

A Beijing day of a book has `CHAINS` chains; a record's subject says which is its own. A line of a chain is

    {"no":<from 1>,"<word>":<canonical JSON>,"hash":"<hex>"}

where hash = SHA-256(hash of the line before + LF + canonical JSON); before the first line stands
SHA-256("<format> <day> <chain>"). A record may stand in its chain twice, with the same content: readers take
the first.
"""

import zlib
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any, Generic, NamedTuple, TypeVar

import orjson

from octane.kernel.clock import Instant, in_beijing

CHAINS = 4
Record = TypeVar("Record")


class ChainBrokenError(ValueError):
    """A chain that does not hold, and where: somebody changed what is written once."""

    def __init__(self, day: str, chain: str, no: int, reason: str) -> None:
        self.day, self.chain, self.no, self.reason = day, chain, no, reason
        super().__init__(f"{day}, chain {chain}, line {no}: {reason}")


class Book(NamedTuple, Generic[Record]):
    """A kind of record that is chained, and how it is written."""

    folder: str
    """In the archive."""
    format: str
    word: str
    """What a line calls its record."""
    write: Callable[[Record], str]
    """The one way to write a record: canonical JSON, keys sorted, no space, UTF-8 as it is."""
    read: Callable[[dict[str, Any]], Record]
    """Raises ValueError, KeyError or TypeError for what is no record."""
    at: Callable[[Record], Instant]
    """The moment whose day it belongs to."""
    key: Callable[[Record], tuple[str, ...]]
    """What names a record; its subject comes first."""


class Head(NamedTuple):
    """How far a chain goes."""

    day: str
    """YYYY-MM-DD in Beijing."""
    chain: str
    """00 to 03."""
    blocks: int
    entries: int
    hash: str


class Link(NamedTuple, Generic[Record]):
    """A record as it stands in its chain."""

    no: int
    before: str
    """The hash on which it stands."""
    hash: str
    record: Record


def day_of(instant: Instant) -> str:
    return in_beijing(instant).date().isoformat()


def chain_of(subject: str) -> str:
    return f"{zlib.crc32(subject.encode()) % CHAINS:02d}"


def chain_names() -> list[str]:
    return [f"{number:02d}" for number in range(CHAINS)]


def place_of(book: Book[Record], record: Record) -> tuple[str, str]:
    """The day and the chain of a record."""
    return day_of(book.at(record)), chain_of(book.key(record)[0])


def genesis(book: Book[Record], day: str, chain: str) -> Head:
    return Head(day, chain, 0, 0, sha256(f"{book.format} {day} {chain}".encode()).hexdigest())


def extend(book: Book[Record], head: Head, records: Iterable[Record]) -> tuple[Head, bytes]:
    """The chain's next block: where it then ends, and the block's lines."""
    no, link, lines = head.entries, head.hash, []
    for record in records:
        text = book.write(record)
        no, link = no + 1, _link(link, text)
        lines.append(_line(book, no, text, link))
    return Head(head.day, head.chain, head.blocks + 1, no, link), "".join(lines).encode()


def check_block(book: Book[Record], head: Head, content: bytes) -> tuple[Head, list[Link[Record]]]:
    """Read the block behind `head`; raises `ChainBrokenError` at the first line that is not as it was
    written."""
    no, link, links = head.entries, head.hash, []
    for line in content.split(b"\n")[:-1]:
        no += 1
        try:
            record = book.read(orjson.loads(line)[book.word])
        except (ValueError, KeyError, TypeError) as error:
            raise ChainBrokenError(head.day, head.chain, no, "it cannot be read") from error
        text = book.write(record)
        before, link = link, _link(link, text)
        if _line(book, no, text, link).encode() != line + b"\n":
            raise ChainBrokenError(head.day, head.chain, no, "it is not what was written here")
        if place_of(book, record) != (head.day, head.chain):
            raise ChainBrokenError(head.day, head.chain, no, "it belongs to another day or chain")
        links.append(Link(no, before, link, record))
    if not content.endswith(b"\n"):
        raise ChainBrokenError(head.day, head.chain, no + 1, "the block does not end with a whole line")
    return Head(head.day, head.chain, head.blocks + 1, no, link), links


def last_of(day: str, chain: str, block: int, content: bytes) -> Head:
    """Where the chain ends after a block, as the block itself says: to go on from, unproven."""
    try:
        last = orjson.loads(content.splitlines()[-1])
        return Head(day, chain, block, int(last["no"]), str(last["hash"]))
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise ChainBrokenError(day, chain, 0, f"block {block} cannot be read") from error


def _link(previous: str, text: str) -> str:
    return sha256(f"{previous}\n{text}".encode()).hexdigest()


def _line(book: Book[Record], no: int, text: str, link: str) -> str:
    return f'{{"no":{no},"{book.word}":{text},"hash":"{link}"}}\n'
