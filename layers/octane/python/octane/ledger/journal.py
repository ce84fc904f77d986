"""The journal: every entry of the ledger, once more, in hash-chained blocks that nobody can overwrite (LG7).

It is fed by the ledger table's stream: at least once, in any order, by several functions at once, each of
which may die anywhere. A block is written only where there is none, so the loser of a race reads the winner's
block and goes on behind it.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

from octane.ledger.chain import (
    CHAINS,
    Head,
    JournalBrokenError,
    chain_of,
    check_block,
    day_of,
    extend,
    genesis,
    last_of,
)
from octane.ledger.entries import Entry
from octane.store.objects import Objects
from octane.store.store import StoreUnavailableError

__all__ = ["Block", "JournalBrokenError", "append", "heads", "read_blocks", "read_chain", "read_day"]

LOOK_BACK = 2
"""How many blocks a writer reads again, to see that its batch was written by a function that died then. A
repeat from further back is written again, and readers skip it."""

EntryKey: TypeAlias = tuple[str, str, str]


class Block(NamedTuple):
    """A block that was found whole."""

    name: str
    """`chain=00/00000001.jsonl`"""
    content: bytes
    entries: list[Entry]
    """All that stand in it, repeats included."""
    head: Head
    """Where the chain is at its end."""


def append(objects: Objects, entries: Iterable[Entry]) -> int:
    """Add entries to the chains of their days; return how many were not there yet.

    Raises `JournalBrokenError` when an entry stands there with other content: one of the two was altered.
    """
    batches: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        batches.setdefault((day_of(entry.booked_at), chain_of(entry.subject)), []).append(entry)
    return sum(_append(objects, day, chain, batch) for (day, chain), batch in batches.items())


def read_day(objects: Objects, day: str) -> Iterator[Entry]:
    """Every entry booked on a day (YYYY-MM-DD, Beijing), once, proven as it is read; chain by chain.

    Raises `JournalBrokenError`.
    """
    for chain in _chains():
        seen: dict[EntryKey, int] = {}
        for block in read_chain(objects, day, chain):
            yield from _unseen(block.entries, seen, block.head)


def read_chain(objects: Objects, day: str, chain: str) -> Iterator[Block]:
    """The blocks of a chain, each proven against the one before. Raises `JournalBrokenError`."""
    head = genesis(day, chain)
    for key in _keys(objects, day, chain):
        content = objects.get(key)
        if content is None:
            raise StoreUnavailableError
        head, entries = check_block(head, content)
        yield Block(_name(head.chain, head.blocks), content, entries, head)


def read_blocks(objects: Objects, day: str) -> Iterator[Block]:
    """The blocks of all chains of a day."""
    for chain in _chains():
        yield from read_chain(objects, day, chain)


def heads(objects: Objects, day: str) -> tuple[Head, ...]:
    """Where each chain of a day ends, as its last block says (not proven: `read_chain` proves)."""
    return tuple(_head(objects, day, chain, list(_keys(objects, day, chain))) for chain in _chains())


def _append(objects: Objects, day: str, chain: str, batch: list[Entry]) -> int:
    seen: dict[EntryKey, int] = {}
    keys = list(_keys(objects, day, chain))
    head = _head(objects, day, chain, keys[:-LOOK_BACK])
    for key in keys[-LOOK_BACK:]:
        head = _follow(objects, key, head, seen)
    while fresh := list(_unseen(batch, dict(seen), head)):
        after, content = extend(head, fresh)
        if objects.put_new(_key(after), content):
            return len(fresh)
        head = _follow(objects, _key(after), head, seen)
    return 0


def _follow(objects: Objects, key: str, head: Head, seen: dict[EntryKey, int]) -> Head:
    content = objects.get(key)
    if content is None:
        raise StoreUnavailableError
    after, entries = check_block(head, content)
    list(_unseen(entries, seen, after))
    return after


def _unseen(entries: Iterable[Entry], seen: dict[EntryKey, int], head: Head) -> Iterator[Entry]:
    """The entries that were not seen yet, which then are; the same key must have the same content."""
    for entry in entries:
        key = (entry.subject, entry.kind, entry.reference)
        content = hash(entry)
        known = seen.get(key)
        if known is None:
            seen[key] = content
            yield entry
        elif known != content:
            reason = f"{'#'.join(key)} is there twice and says different things"
            raise JournalBrokenError(head.day, head.chain, head.entries, reason)


def _head(objects: Objects, day: str, chain: str, keys: list[str]) -> Head:
    if not keys:
        return genesis(day, chain)
    return last_of(day, chain, len(keys), objects.get(keys[-1]) or b"")


def _keys(objects: Objects, day: str, chain: str) -> Iterator[str]:
    """The keys of a chain's blocks, without a gap."""
    for number, key in enumerate(objects.list(f"journal/day={day}/chain={chain}/"), start=1):
        if not key.endswith(_name(chain, number)):
            raise JournalBrokenError(day, chain, 0, f"block {number} is missing")
        yield key


def _key(head: Head) -> str:
    return f"journal/day={head.day}/{_name(head.chain, head.blocks)}"


def _name(chain: str, block: int) -> str:
    return f"chain={chain}/{block:08d}.jsonl"


def _chains() -> list[str]:
    return [f"{number:02d}" for number in range(CHAINS)]
