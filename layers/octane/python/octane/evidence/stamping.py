"""Take all heads and have them timestamped (SE2): a schedule's work, and a package's when it needs one.

The file comes first and its timestamp after it, so a silent authority loses no head: whatever has no
timestamp gets one with the next run. Following the chains proves them: a stamped head was found whole from
its chain's first line on.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import islice
from typing import Any, NamedTuple

from octane.audit.journal import ACTS
from octane.evidence import merkle
from octane.evidence.heads import (
    Heads,
    Standing,
    content_key,
    heads_at,
    months_back,
    names_of,
    read_heads,
    stamp_key,
    write_heads,
)
from octane.evidence.ports import StampDeps
from octane.kernel.clock import Instant
from octane.kernel.errors import UnavailableError
from octane.ledger.chain import ENTRIES
from octane.store.blocks import read_chain
from octane.store.chain import Book, ChainBrokenError, Head, chain_names, day_of, genesis
from octane.store.objects import Objects
from octane.store.store import StoreUnavailableError

BOOKS: tuple[Book[Any], ...] = (ENTRIES, ACTS)
OPEN_DAYS = 2
"""How long after its day a record may come into its chain by itself: a stream keeps it for a day."""
MOST_AT_ONCE = 48
"""Timestamps that one run asks for."""


class Stamping(NamedTuple):
    heads: Heads
    stamped: int
    waiting: int
    """Heads without a timestamp still."""


def stamp_heads(deps: StampDeps, also: Iterable[str] = ()) -> Stamping:
    """Write where every chain stands (of the days since the last time, and of those given), and get a
    timestamp for that and for what has none yet. A silent authority is counted and asked again next time."""
    now = deps.clock.now()
    before = _last(deps.archive, now)
    standings = [
        _standing(deps, book, day, chain, before)
        for book in BOOKS
        for day in sorted({*_open_days(before, now), *also})
        for chain in chain_names()
    ]
    heads = heads_at(now, before.root if before else "", standings)
    deps.archive.put_new(content_key(heads.name), write_heads(heads))
    stamped, waiting = _stamp_all(deps, now)
    return Stamping(heads, stamped, waiting)


def _last(archive: Objects, now: Instant) -> Heads | None:
    for month in months_back(now):
        names = names_of(archive, month)
        if names:
            return read_heads(content_of(archive, content_key(max(names))))
    return None


def content_of(archive: Objects, key: str) -> bytes:
    content = archive.get(key)
    if content is None:
        raise StoreUnavailableError
    return content


def _open_days(before: Heads | None, now: Instant) -> Iterator[str]:
    day = date.fromisoformat(day_of(before.at if before else now)) - timedelta(days=OPEN_DAYS)
    today = date.fromisoformat(day_of(now))
    while day <= today:
        yield day.isoformat()
        day += timedelta(days=1)


def _standing(deps: StampDeps, book: Book[Any], day: str, chain: str, before: Heads | None) -> Standing:
    """Follow a chain from where it stood last."""
    known = before.of((book.folder, day, chain)) if before else None
    head = genesis(book, day, chain)
    peaks: tuple[bytes, ...] = ()
    if known:
        head = Head(day, chain, known.blocks, known.entries, known.hash)
        peaks = tuple(bytes.fromhex(peak) for peak in known.peaks)
    fault = ""
    try:
        for block in read_chain(book, deps.archive, day, chain, head):
            leaves = [merkle.leaf(bytes.fromhex(link.hash)) for link in block.links]
            peaks = merkle.grown(peaks, head.entries, leaves)
            head = block.head
    except ChainBrokenError as error:
        fault = str(error)
        deps.signals.count("ChainBroken", book=book.folder, what=fault)
    return Standing(
        book=book.folder,
        day=day,
        chain=chain,
        blocks=head.blocks,
        entries=head.entries,
        hash=head.hash,
        tree=merkle.root(peaks).hex(),
        peaks=tuple(peak.hex() for peak in peaks),
        fault=fault,
    )


def _stamp_all(deps: StampDeps, now: Instant) -> tuple[int, int]:
    """Ask for every timestamp that is missing in this month and the last, oldest first."""
    months = reversed(list(islice(months_back(now), 2)))
    names = [name for month in months for name, done in names_of(deps.archive, month).items() if not done]
    for number, name in enumerate(names[:MOST_AT_ONCE]):
        root = read_heads(content_of(deps.archive, content_key(name))).root
        try:
            answer = deps.timestamp_authority.stamp(bytes.fromhex(root))
        except UnavailableError as error:
            deps.signals.count("TimestampMissing", waiting=len(names) - number, why=str(error))
            return number, len(names) - number
        deps.archive.put_new(stamp_key(name), answer)
    done = min(len(names), MOST_AT_ONCE)
    return done, len(names) - done
