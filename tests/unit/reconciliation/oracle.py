"""The classes by the book, in plain Python: slow, and nothing of the matching's own."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import product
from typing import NamedTuple

from octane.kernel.statement import StatementLine
from octane.reconciliation.model import DayWindow

ALWAYS = ("amount", "fee", "currency", "status")
WHERE_TOLD = ("party", "merchant", "reference")


class Dated(NamedTuple):
    """A line and the day it belongs to."""

    line: StatementLine
    day: str


class Classed(NamedTuple):
    match_class: str
    ours: Dated | None
    theirs: Dated | None
    fields: str = ""


def differing(ours: StatementLine, theirs: StatementLine) -> list[str]:
    found = [name for name in ALWAYS if getattr(ours, name) != getattr(theirs, name)]
    for name in WHERE_TOLD:
        one, other = getattr(ours, name), getattr(theirs, name)
        if one and other and one != other:
            found.append(name)
    return found


def classify(ours: Iterable[Dated], theirs: Iterable[Dated], window: DayWindow) -> "Counter[Classed]":
    """Every line once, as one side of a pair or alone."""
    keys: defaultdict[tuple[str, str], tuple[list[Dated], list[Dated]]] = defaultdict(lambda: ([], []))
    for side, lines in enumerate((ours, theirs)):
        for each in lines:
            keys[each.line.kind, each.line.number][side].append(each)
    found: Counter[Classed] = Counter()
    for here, there in keys.values():
        here.sort(key=_age)
        there.sort(key=_age)
        if here and there:
            _, our, their = min(
                (len(differing(here[i].line, there[j].line)), i, j)
                for i, j in product(range(len(here)), range(len(there)))
            )
            pair = here.pop(our), there.pop(their)
            fields = ",".join(differing(pair[0].line, pair[1].line))
            found[Classed("MISMATCH" if fields else "MATCHED", *pair, fields)] += 1
        elif here:
            first = here.pop(0)
            found[Classed(_alone(first, window, "MISSING_THERE"), first, None)] += 1
        elif there:
            first = there.pop(0)
            found[Classed(_alone(first, window, "MISSING_HERE"), None, first)] += 1
        found.update(Classed("DUPLICATE_HERE", each, None) for each in here)
        found.update(Classed("DUPLICATE_THERE", None, each) for each in there)
    return found


def _alone(each: Dated, window: DayWindow, missing: str) -> str:
    late = each.day == window.day.isoformat() and each.line.settled_at >= window.transit_from
    return "IN_TRANSIT" if late else missing


def _age(each: Dated) -> tuple[object, ...]:
    return (each.day, each.line.line, each.line.settled_at, *each.line)
