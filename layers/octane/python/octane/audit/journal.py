"""The book of acts: every act once more, in hash-chained blocks that nobody can overwrite (SE2).

It is fed by the audit table's stream; `octane.store.blocks` says what it withstands.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from octane.audit.acts import Act, ActOutcome
from octane.kernel.clock import Instant
from octane.store import blocks
from octane.store.chain import Book, ChainBrokenError
from octane.store.objects import Objects

__all__ = ["ChainBrokenError", "append", "read_day"]


def canonical(act: Act) -> str:
    """The one way to write an act: keys sorted, no space, UTF-8 as it is; what is empty is left out, so that
    a field that is added later does not change what is written now."""
    record = {name: value for name, value in act._asdict().items() if value != ""}
    return orjson.dumps(record, option=orjson.OPT_SORT_KEYS).decode()


def _act(record: dict[str, Any]) -> Act:
    texts = {name: str(value) for name, value in record.items() if name not in {"at", "outcome"}}
    told = {"actor": "", **texts}  # nobody is known where a login was refused
    return Act(at=_instant(record["at"]), outcome=ActOutcome(record["outcome"]), **told)


def _instant(value: object) -> Instant:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(value)
    return Instant(value)


ACTS: Book[Act] = Book(
    folder="audit",
    format="octane-audit/1",
    word="act",
    write=canonical,
    read=_act,
    at=lambda act: act.at,
    key=lambda act: (act.subject, f"{act.at:018d}", act.act_id),
)


def append(objects: Objects, acts: Iterable[Act]) -> int:
    """Add acts to the chains of their days; return how many were not there yet.

    Raises `ChainBrokenError` when an act stands there with other content: one of the two was altered.
    """
    return blocks.append(ACTS, objects, acts)


def read_day(objects: Objects, day: str) -> Iterator[Act]:
    """Every act of a day (YYYY-MM-DD, Beijing), once, proven as it is read. Raises `ChainBrokenError`."""
    return blocks.read_day(ACTS, objects, day)
