"""Prove that records stand in their chains, and since when: each is led to a timestamped head (SE2)."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

from octane.evidence import merkle
from octane.evidence.heads import Heads, Standing, content_key, names_of, read_heads
from octane.evidence.stamping import OPEN_DAYS, content_of
from octane.kernel.clock import Instant
from octane.kernel.errors import UnavailableError
from octane.store.blocks import read_chain
from octane.store.chain import Book, ChainBrokenError, Link, day_of, place_of
from octane.store.objects import Objects


class NotJournaledError(UnavailableError):
    """The stream has not brought the record to its chain yet."""

    code = "NOT_JOURNALED"


class Place(NamedTuple):
    """Where a record stands."""

    book: Book[Any]
    day: str
    chain: str
    link: Link[Any]

    @property
    def of(self) -> tuple[str, str, str]:
        return self.book.folder, self.day, self.chain


class Proof(NamedTuple):
    """A place, and the way from there to the Merkle root of a timestamped head."""

    place: Place
    stamp: str
    """The head's name."""
    size: int
    """How many records the chain had by then."""
    path: tuple[bytes, ...]


class Prover:
    """Reads each chain and each head once."""

    def __init__(self, archive: Objects) -> None:
        self._archive = archive
        self._hashes: dict[tuple[str, str, str], list[bytes]] = {}
        self._trees: dict[tuple[str, str, str, int], list[list[bytes]]] = {}
        self._heads: dict[str, Heads] = {}
        self._names: dict[str, list[str]] = {}

    def look_again(self) -> None:
        """Forget which heads there are: new ones were stamped."""
        self._names.clear()

    def places(self, book: Book[Any], records: Iterable[Any]) -> Iterator[Place]:
        """Find records in their chains. Raises `NotJournaledError`, and `ChainBrokenError` when a chain says
        something else of one than the table."""
        wanted: dict[tuple[str, str], dict[tuple[str, ...], Any]] = {}
        for record in records:
            wanted.setdefault(place_of(book, record), {})[book.key(record)] = record
        for (day, chain), these in wanted.items():
            yield from self._found(book, day, chain, these)

    def _found(
        self, book: Book[Any], day: str, chain: str, wanted: dict[tuple[str, ...], Any]
    ) -> Iterator[Place]:
        hashes = self._hashes.setdefault((book.folder, day, chain), [])
        left = dict(wanted)
        for block in read_chain(book, self._archive, day, chain):
            for link in block.links:
                hashes.append(merkle.leaf(bytes.fromhex(link.hash)))
                record = left.pop(book.key(link.record), None)
                if record is None:
                    continue
                if record != link.record:
                    reason = "the table says something else of it"
                    raise ChainBrokenError(day, chain, link.no, reason)
                yield Place(book, day, chain, link)
        if left:
            raise NotJournaledError(f"{len(left)} records are not in {book.folder} of {day} yet.")

    def proof(self, place: Place, now: Instant) -> Proof | None:
        """Lead a record to the first head with a timestamp that covers it; None while there is none."""
        for name in self._candidates(place, now):
            standing = self._read(name).of(place.of)
            if standing and standing.entries >= place.link.no:
                tree = self._tree(place, standing)
                return Proof(place, name, standing.entries, tuple(merkle.path(tree, place.link.no - 1)))
        return None

    def _candidates(self, place: Place, now: Instant) -> Iterator[str]:
        """The stamped heads that may cover it, oldest first: those of its day and the next ones, then
        today's."""
        day = date.fromisoformat(place.day)
        days = {(day + timedelta(days=number)).isoformat() for number in range(OPEN_DAYS + 1)}
        for each in sorted(days | {day_of(now)}):
            if each not in self._names:
                found = names_of(self._archive, each).items()
                self._names[each] = [name for name, stamped in found if stamped]
            yield from self._names[each]

    def _read(self, name: str) -> Heads:
        if name not in self._heads:
            self._heads[name] = read_heads(content_of(self._archive, content_key(name)))
        return self._heads[name]

    def _tree(self, place: Place, standing: Standing) -> list[list[bytes]]:
        key = (*place.of, standing.entries)
        if key not in self._trees:
            self._trees[key] = merkle.levels(self._hashes[place.of][: standing.entries])
        if self._trees[key][-1][0].hex() != standing.tree:
            reason = "its stamped head is another one"
            raise ChainBrokenError(place.day, place.chain, standing.entries, reason)
        return self._trees[key]
