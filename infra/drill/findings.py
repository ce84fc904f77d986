"""What has to be found of a day: the truth of a discrepancy, told by classes and by day."""

from collections import Counter
from datetime import date, timedelta
from typing import NamedTuple

from octane.reconciliation.model import MatchClass, Source, day_window
from simulators.bills.plant import Truth

ALONE = frozenset({MatchClass.MISSING_HERE, MatchClass.MISSING_THERE})


class Finding(NamedTuple):
    """A line of a day's differences."""

    source: Source
    day: date
    match_class: str
    kind: str
    number: str
    fields: str = ""


class Expected:
    """What has to be found on a day and on the next."""

    def __init__(self, day: date, today: Counter[Finding]) -> None:
        self._day = day
        self.today = today
        self.tomorrow: Counter[Finding] = Counter()

    def part_at_midnight(self, source: Source, kind: str, number: str) -> None:
        """The two sides date a movement on two days: today it is in transit."""
        self.today[Finding(source, self._day, MatchClass.IN_TRANSIT, kind, number)] += 1

    def expect(self, source: Source, truth: Truth, at: int, *, resolved: bool = False) -> list[Finding]:
        """Note a truth of today; return what has to be found for it, today and tomorrow.

        `at`: when the side that has a lonely line has it, else when we have it. `resolved`: its counterpart
        comes tomorrow.
        """
        window, alone = day_window(source, self._day), truth.match_class in ALONE
        lost = Finding(source, self._day, MatchClass.IN_TRANSIT, truth.kind, truth.number)
        if at >= window.end:
            # We date it on the next day, where it is to be found; today their line was in transit.
            if alone:
                del self.today[lost]
            return [self.expect_tomorrow(source, truth)]
        if not alone or at < window.transit_from:
            found = _found(source, self._day, truth)
            self.today[found] += 1
            return [found]
        self.today[lost] += 1
        return [lost] if resolved else [lost, self.expect_tomorrow(source, truth)]

    def expect_tomorrow(self, source: Source, truth: Truth) -> Finding:
        found = _found(source, self._day + timedelta(days=1), truth)
        self.tomorrow[found] += 1
        return found


def _found(source: Source, day: date, truth: Truth) -> Finding:
    return Finding(source, day, truth.match_class, truth.kind, truth.number, truth.fields)
