"""How far all books were at a moment: the file that a timestamp is taken of (SE2).

`heads/day=2026-11-22/090500-1f3a….json` has, of every chain, the hash it ends with and the root of the
Merkle tree over all its hashes. Its own root is that of the Merkle tree over: {at, format, name, previous},
then each chain without its peaks, as canonical JSON. `….tsr` beside it is the timestamp of that root.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import orjson

from octane.evidence import merkle
from octane.kernel.clock import Instant, in_beijing
from octane.store.chain import day_of
from octane.store.objects import Objects

FORMAT = "octane-heads/1"
FOLDER = "heads/"
MONTHS_BACK = 120


class Standing(NamedTuple):
    """How far one chain was."""

    book: str
    """`journal` or `audit`."""
    day: str
    chain: str
    blocks: int
    entries: int
    hash: str
    tree: str
    """The Merkle root over its hashes, which are the leaves."""
    peaks: tuple[str, ...] = ()
    """What the next stamp goes on from; follows from the same hashes."""
    fault: str = ""
    """Why the chain could not be followed any further."""

    @property
    def place(self) -> tuple[str, str, str]:
        return self.book, self.day, self.chain


class Heads(NamedTuple):
    name: str
    """`day=2026-11-22/090500-1f3a5b7c`"""
    at: Instant
    previous: str
    """The root of the one before; empty in the first."""
    standings: tuple[Standing, ...]
    root: str

    def of(self, place: tuple[str, str, str]) -> Standing | None:
        return next((each for each in self.standings if each.place == place), None)


def heads_at(at: Instant, previous: str, standings: Sequence[Standing]) -> Heads:
    content = [previous.encode(), *(_canonical(_bare(each)) for each in standings)]
    digest = merkle.root(merkle.grown((), 0, [merkle.leaf(each) for each in content])).hex()
    name = f"day={day_of(at)}/{in_beijing(at):%H%M%S}-{digest[:8]}"
    heads = Heads(name, at, previous, tuple(standings), "")
    return heads._replace(root=_root(heads))


def _root(heads: Heads) -> str:
    first = {"at": heads.at, "format": FORMAT, "name": heads.name, "previous": heads.previous}
    leaves = [merkle.leaf(_canonical(each)) for each in (first, *map(_bare, heads.standings))]
    return merkle.root(merkle.grown((), 0, leaves)).hex()


def _bare(standing: Standing) -> dict[str, object]:
    return {name: value for name, value in standing._asdict().items() if name != "peaks" and value != ""}


def _canonical(record: dict[str, object]) -> bytes:
    return orjson.dumps(record, option=orjson.OPT_SORT_KEYS)


def write_heads(heads: Heads) -> bytes:
    standings = [_bare(each) | {"peaks": each.peaks} for each in heads.standings]
    record = {**heads._asdict(), "format": FORMAT, "standings": standings}
    return orjson.dumps(record, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2) + b"\n"


def read_heads(content: bytes) -> Heads:
    record: dict[str, Any] = orjson.loads(content)
    standings = (Standing(**{**each, "peaks": tuple(each["peaks"])}) for each in record["standings"])
    return Heads(record["name"], Instant(record["at"]), record["previous"], tuple(standings), record["root"])


def content_key(name: str) -> str:
    return f"{FOLDER}{name}.json"


def stamp_key(name: str) -> str:
    return f"{FOLDER}{name}.tsr"


def names_of(objects: Objects, day_or_month: str) -> dict[str, bool]:
    """The heads of a day or a month (YYYY-MM), in order of time, and whether each has its timestamp."""
    keys = [key.removeprefix(FOLDER) for key in objects.list(f"{FOLDER}day={day_or_month}")]
    stamped = {key.removesuffix(".tsr") for key in keys if key.endswith(".tsr")}
    names = [key.removesuffix(".json") for key in keys if key.endswith(".json")]
    return {name: name in stamped for name in names}


def months_back(now: Instant) -> Iterator[str]:
    """This month, the one before …"""
    moment = in_beijing(now)
    for number in range(
        moment.year * 12 + moment.month - 1, moment.year * 12 + moment.month - MONTHS_BACK, -1
    ):
        yield f"{number // 12:04d}-{number % 12 + 1:02d}"
