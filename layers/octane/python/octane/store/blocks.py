"""Books: chained records in blocks that nobody can overwrite (LG7, SE2).

A book is fed by its table's stream: at least once, in any order, by several functions at once, each of which
may die anywhere. A block is written only where there is none, so the loser of a race reads the winner's block
and goes on behind it.
"""

from collections.abc import Iterable, Iterator
from typing import Generic, NamedTuple

from octane.store.chain import (
    Book,
    ChainBrokenError,
    Head,
    Link,
    Record,
    chain_names,
    check_block,
    extend,
    genesis,
    last_of,
    place_of,
)
from octane.store.objects import Objects
from octane.store.store import StoreUnavailableError

LOOK_BACK = 2
"""How many blocks a writer reads again, to see that its batch was written by a function that died then. A
repeat from further back is written again, and readers skip it."""


class Block(NamedTuple, Generic[Record]):
    """A block that was found whole."""

    name: str
    """`chain=00/00000001.jsonl`"""
    content: bytes
    links: list[Link[Record]]
    """All that stand in it, repeats included."""
    head: Head
    """Where the chain is at its end."""


def append(book: Book[Record], objects: Objects, records: Iterable[Record]) -> int:
    """Add records to the chains of their days; return how many were not there yet.

    Raises `ChainBrokenError` when a record stands there with other content: one of the two was altered.
    """
    batches: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        batches.setdefault(place_of(book, record), []).append(record)
    return sum(_append(book, objects, day, chain, batch) for (day, chain), batch in batches.items())


def read_day(book: Book[Record], objects: Objects, day: str) -> Iterator[Record]:
    """Every record of a day (YYYY-MM-DD, Beijing), once, proven as it is read; chain by chain.

    Raises `ChainBrokenError`.
    """
    for chain in chain_names():
        seen: dict[tuple[str, ...], int] = {}
        for block in read_chain(book, objects, day, chain):
            yield from _unseen(book, _records(block.links), seen, block.head)


def read_chain(
    book: Book[Record], objects: Objects, day: str, chain: str, after: Head | None = None
) -> Iterator[Block[Record]]:
    """The blocks of a chain, each proven against the one before; those behind `after`, where given.

    Raises `ChainBrokenError`.
    """
    head = after or genesis(book, day, chain)
    keys = list(_keys(book, objects, day, chain))
    if len(keys) < head.blocks:
        raise ChainBrokenError(day, chain, head.entries, f"block {head.blocks} is missing")
    for key in keys[head.blocks :]:
        content = objects.get(key)
        if content is None:
            raise StoreUnavailableError
        head, links = check_block(book, head, content)
        yield Block(_name(head.chain, head.blocks), content, links, head)


def heads(book: Book[Record], objects: Objects, day: str) -> tuple[Head, ...]:
    """Where each chain of a day ends, as its last block says (not proven: `read_chain` proves)."""
    return tuple(
        _head(book, objects, day, chain, list(_keys(book, objects, day, chain))) for chain in chain_names()
    )


def _append(book: Book[Record], objects: Objects, day: str, chain: str, batch: list[Record]) -> int:
    seen: dict[tuple[str, ...], int] = {}
    keys = list(_keys(book, objects, day, chain))
    head = _head(book, objects, day, chain, keys[:-LOOK_BACK])
    for key in keys[-LOOK_BACK:]:
        head = _follow(book, objects, key, head, seen)
    while fresh := list(_unseen(book, batch, dict(seen), head)):
        after, content = extend(book, head, fresh)
        if objects.put_new(_key(book, after), content):
            return len(fresh)
        head = _follow(book, objects, _key(book, after), head, seen)
    return 0


def _follow(
    book: Book[Record], objects: Objects, key: str, head: Head, seen: dict[tuple[str, ...], int]
) -> Head:
    content = objects.get(key)
    if content is None:
        raise StoreUnavailableError
    after, links = check_block(book, head, content)
    list(_unseen(book, _records(links), seen, after))
    return after


def _records(links: Iterable[Link[Record]]) -> Iterator[Record]:
    return (link.record for link in links)


def _unseen(
    book: Book[Record], records: Iterable[Record], seen: dict[tuple[str, ...], int], head: Head
) -> Iterator[Record]:
    """The records that were not seen yet, which then are; the same key must have the same content."""
    for record in records:
        key = book.key(record)
        content = hash(record)
        known = seen.get(key)
        if known is None:
            seen[key] = content
            yield record
        elif known != content:
            reason = f"{'#'.join(key)} is there twice and says different things"
            raise ChainBrokenError(head.day, head.chain, head.entries, reason)


def _head(book: Book[Record], objects: Objects, day: str, chain: str, keys: list[str]) -> Head:
    if not keys:
        return genesis(book, day, chain)
    return last_of(day, chain, len(keys), objects.get(keys[-1]) or b"")


def _keys(book: Book[Record], objects: Objects, day: str, chain: str) -> Iterator[str]:
    """The keys of a chain's blocks, without a gap."""
    prefix = f"{book.folder}/day={day}/chain={chain}/"
    for number, key in enumerate(objects.list(prefix), start=1):
        if not key.endswith(_name(chain, number)):
            raise ChainBrokenError(day, chain, 0, f"block {number} is missing")
        yield key


def _key(book: Book[Record], head: Head) -> str:
    return f"{book.folder}/day={head.day}/{_name(head.chain, head.blocks)}"


def _name(chain: str, block: int) -> str:
    return f"chain={chain}/{block:08d}.jsonl"
