"""Consecutive days: honest trades, discrepancies planted in them, and what has to be found on which day."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from drill.entries import entry_of, noise
from drill.findings import Expected, Finding
from drill.planting import Desk, Named, Planted, Today
from drill.sources import ACCOUNTS
from drill.trades import Size, Trade, trades_of
from octane.ledger.entries import Entry
from octane.reconciliation.model import Source, day_window
from simulators.bills.office import Bill
from simulators.bills.plant import line_kind, print_bill
from simulators.bills.rows import Heading, Row

FIRST_DAY = date(2026, 3, 1)


class Filed(NamedTuple):
    """The files of one source's day."""

    right: Bill
    wrong: Bill | None
    """What comes first; the right one comes when this has been refused."""
    refused: str


class Day(NamedTuple):
    day: date
    entries: tuple[Entry, ...]
    """What our ledger has, of the day before, of the day, and of the first hours of the next."""
    bills: dict[Source, Filed]
    expected: Counter[Finding]
    planted: tuple[Planted, ...]
    left: tuple[Named, ...]
    """What could not be planted today."""


class Days:
    """A world's days, one after the other: what is in transit resolves on the next."""

    def __init__(self, seed: str, size: Size, first: date = FIRST_DAY) -> None:
        self._random = Random(seed)
        self._size = size
        self._day = first
        self._rows: dict[Source, list[Row]] = {source: [] for source in ACCOUNTS}
        """For the next day's bills."""
        self._moved: set[Source] = set()
        """Who has rows on the next day that a discrepancy moved there."""
        self._entries: list[Entry] = []
        self._expected: Counter[Finding] = Counter()
        """Of the next day."""

    def next(self, orders: Iterable[Named]) -> Day:
        """The next day, with what was ordered planted in it as far as it can be."""
        day, before = self._day, self._entries
        trades = list(trades_of(day, self._random, self._size))
        expected = Expected(day, self._expected)
        for trade in trades:
            first, last = sorted((trade.at, trade.row.at))
            if first < day_window(trade.source, day).end <= last:
                expected.part_at_midnight(trade.source, line_kind(trade.row), trade.number)
        today = Today(
            desks={source: self._desk(source, day, trades) for source in ACCOUNTS},
            booked={(trade.source, trade.number): [entry_of(trade)] for trade in trades},
            dated={(trade.source, trade.number): trade.at for trade in trades},
            expected=expected,
            random=self._random,
        )
        tried = [(order, today.plant(*order)) for order in orders]
        bills = {source: self._file(desk) for source, desk in today.desks.items()}
        for source, desk in today.desks.items():
            self._rows[source] += desk.later
        self._moved = {source for source, desk in today.desks.items() if desk.later}
        self._expected = expected.tomorrow
        self._entries = [entry for booked in today.booked.values() for entry in booked]
        self._entries += [entry for trade in trades for entry in noise(trade)]
        self._random.shuffle(self._entries)
        self._day += timedelta(days=1)
        return Day(
            day,
            (*before, *self._entries),
            bills,
            expected.today,
            planted=tuple(done for _, done in tried if done is not None),
            left=tuple(order for order, done in tried if done is None),
        )

    def _desk(self, source: Source, day: date, trades: list[Trade]) -> Desk:
        account = ACCOUNTS[source]
        heading = Heading(day, account.merchant, account.cut_hours)
        mine = [trade for trade in trades if trade.source is source]
        rows = self._rows[source] + [trade.row for trade in mine if heading.holds(trade.row.at)]
        self._rows[source] = [trade.row for trade in mine if not heading.holds(trade.row.at)]
        both = {trade.number: trade for trade in mine if trade.at == trade.row.at}
        rows.sort(key=lambda row: row.at)
        return Desk(source, heading, tuple(rows), both, source in self._moved)

    def _file(self, desk: Desk) -> Filed:
        form, seed = ACCOUNTS[desk.source].form, self._random.random()
        right = print_bill(form, desk.heading, desk.rows, desk.files, Random(seed))
        filed = Filed(Bill(right.text, right.packed, wrong_digest=False), None, desk.refused)
        if not desk.refused:
            return filed
        rows = desk.rows if desk.bad_rows is None else desk.bad_rows
        files = [*desk.files, *desk.bad_files]
        wrong = print_bill(form, desk.heading, rows, files, Random(seed))
        digest = any(plant.wrong_digest for plant in files)
        return filed._replace(wrong=Bill(wrong.text, wrong.packed, digest))
