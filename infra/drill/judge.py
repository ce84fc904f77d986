"""Play a world's days and compare what is found with what is true."""

import tempfile
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from drill.days import FIRST_DAY, Day, Days
from drill.findings import Finding
from drill.matching import Books
from drill.plan import World
from drill.planting import Named, Planted
from drill.sources import ACCOUNTS
from drill.wires import Wires
from octane.kernel.statement import BillUnreadableError, ParsedBill
from octane.reconciliation.model import Source
from simulators.bills.office import Bill
from simulators.bills.plant import PROOF

READ = "READ"
"""A file that should have been refused was read, and its sums came out."""


class Outcome(NamedTuple):
    days: int
    planted: Counter[tuple[str, str]]
    """By source and kind."""
    found: int
    misclassified: int
    """Lines that are told otherwise than they are, and lines that are not told."""
    proofs_broken: int
    """Days of a source whose right file has a proof line that does not hold."""
    notes: tuple[str, ...]
    """What went wrong, for a person."""


def play(world: World) -> Outcome:
    days, wires = Days(world.seed, world.size), Wires(FIRST_DAY)
    planted: list[Planted] = []
    notes: list[str] = []
    expected: Counter[Finding] = Counter()
    found: Counter[Finding] = Counter()
    refused: dict[Planted, bool] = {}
    broken = 0
    left: tuple[Named, ...] = ()
    with tempfile.TemporaryDirectory() as folder:
        books = {source: Books(source, Path(folder), world.shards) for source in ACCOUNTS}
        for orders in world.orders:
            day = days.next(chain(left, orders))
            left = day.left
            planted += day.planted
            expected += day.expected
            for source in ACCOUNTS:
                said = _refused(day, source, wires, books[source])
                for each in day.planted:
                    if each.source is source and each.refused:
                        refused[each] = said == each.refused
                        if not refused[each]:
                            notes.append(f"{world.seed} {day.day} {source} {each.kind}: {said}")
                closed = books[source].close(
                    day.day, day.entries, _read(day, source, wires, day.bills[source].right)
                )
                found += closed.found
                if not closed.proof.holds:
                    broken += 1
                    notes.append(f"{world.seed} {day.day} {source} {'; '.join(closed.proof.failures)}")
    wrong = (expected - found) + (found - expected)
    notes += [_note(world, each, expected, planted) for each in wrong]
    told = [
        each for each in planted if refused.get(each, True) and not any(wrong[one] for one in each.findings)
    ]
    return Outcome(
        days=len(world.orders),
        planted=Counter((each.source.value, each.kind) for each in planted),
        found=len(told),
        misclassified=wrong.total(),
        proofs_broken=broken,
        notes=tuple(notes),
    )


def _read(day: Day, source: Source, wires: Wires, bill: Bill) -> ParsedBill:
    return wires.sources[source].parse(wires.fetch(source, day.day, bill).content, day.day)


def _refused(day: Day, source: Source, wires: Wires, books: Books) -> str:
    """What is said of the first file of a day where it is a wrong one."""
    wrong = day.bills[source].wrong
    if wrong is None:
        return ""
    try:
        closed = books.close(day.day, day.entries, _read(day, source, wires, wrong), keep=False)
    except BillUnreadableError as error:
        return error.code
    return READ if closed.proof.holds else PROOF


def _note(world: World, wrong: Finding, expected: Counter[Finding], planted: Sequence[Planted]) -> str:
    kinds = [each.kind for each in planted if wrong.number in {one.number for one in each.findings}]
    which = "not found" if expected[wrong] else "found and not true"
    told = f"{wrong.source} {wrong.match_class} {wrong.kind} {wrong.number} {wrong.fields}".strip()
    return f"{world.seed} {wrong.day} {told} ({', '.join(kinds) or 'nothing planted'}): {which}"
