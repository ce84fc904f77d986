"""The journal: every entry of the ledger, once more, in hash-chained blocks that nobody can overwrite (LG7).

It is fed by the ledger table's stream; `octane.store.blocks` says what it withstands.
"""

from collections.abc import Iterable, Iterator

from octane.ledger.chain import ENTRIES
from octane.ledger.entries import Entry
from octane.store import blocks
from octane.store.blocks import Block
from octane.store.chain import ChainBrokenError, Head, chain_names
from octane.store.objects import Objects

__all__ = ["ChainBrokenError", "append", "heads", "read_blocks", "read_day"]


def append(objects: Objects, entries: Iterable[Entry]) -> int:
    """Add entries to the chains of their days; return how many were not there yet.

    Raises `ChainBrokenError` when an entry stands there with other content: one of the two was altered.
    """
    return blocks.append(ENTRIES, objects, entries)


def read_day(objects: Objects, day: str) -> Iterator[Entry]:
    """Every entry booked on a day (YYYY-MM-DD, Beijing), once, proven as it is read. Raises
    `ChainBrokenError`."""
    return blocks.read_day(ENTRIES, objects, day)


def read_blocks(objects: Objects, day: str) -> Iterator[Block[Entry]]:
    """The blocks of all chains of a day, each proven. Raises `ChainBrokenError`."""
    for chain in chain_names():
        yield from blocks.read_chain(ENTRIES, objects, day, chain)


def heads(objects: Objects, day: str) -> tuple[Head, ...]:
    """Where each chain of a day ends, as its last block says (not proven)."""
    return blocks.heads(ENTRIES, objects, day)
