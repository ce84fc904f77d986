"""Plant one discrepancy after the other in a day; no two in the same trade, so that each truth stands."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import NamedTuple

from drill.findings import Expected, Finding
from drill.ours import OUR_PLANTS, OurPlant, OurSpot
from drill.trades import QUIET, Trade
from octane.kernel.clock import Instant
from octane.ledger.entries import Entry
from octane.reconciliation.model import MatchClass, Source, day_window
from simulators.bills.file_plants import FILE_PLANTS
from simulators.bills.plant import FilePlant, RowPlant, Truth, find_spot, line_kind
from simulators.bills.row_plants import ROW_PLANTS
from simulators.bills.rows import Heading, Row, Rows
from simulators.texts import midnight

Named = tuple[Source, str]
"""Whose, and which number; or which kind."""


class Planted(NamedTuple):
    source: Source
    kind: str
    day: date
    findings: tuple[Finding, ...]
    refused: str = ""
    """The code with which the day's first file has to be refused; PROOF: its sums must not come out."""


@dataclass(slots=True)
class Desk:
    """One source's bill of the day, in the making."""

    source: Source
    heading: Heading
    rows: Rows
    trades: dict[str, Trade]
    """By number: those that both sides have today, and nothing has been planted in."""
    has_moved_rows: bool
    """Some of its rows were moved here from the day before."""
    files: list[FilePlant] = field(default_factory=list)
    later: Rows = ()
    """For the next day's bill."""
    refused: str = ""
    bad_rows: Rows | None = None
    bad_files: list[FilePlant] = field(default_factory=list)
    is_touched: bool = False
    is_whole: bool = False
    """One discrepancy has taken the whole bill."""


@dataclass(slots=True)
class Today:
    desks: dict[Source, Desk]
    booked: dict[Named, list[Entry]]
    """What our ledger has for each trade."""
    dated: dict[Named, Instant]
    """When we have each trade."""
    expected: Expected
    random: Random

    def plant(self, source: Source, kind: str) -> Planted | None:
        """Plant a discrepancy, or return None when it cannot be planted today."""
        desk = self.desks[source]
        refused = ""
        if desk.is_whole:
            return None
        if kind in OUR_PLANTS:
            found = self._plant_ours(desk, OUR_PLANTS[kind])
        else:
            plant = ROW_PLANTS.get(kind) or FILE_PLANTS[kind]
            refused = plant.refused.get(source, "")
            if refused and desk.refused:
                return None
            if isinstance(plant, RowPlant):
                found = self._plant_rows(desk, plant, refused)
            else:
                found = []
                (desk.bad_files if refused else desk.files).append(plant)
        if found is None:
            return None
        desk.is_touched = True
        desk.refused = desk.refused or refused
        return Planted(source, kind, desk.heading.day, tuple(found), refused)

    def _plant_rows(self, desk: Desk, plant: RowPlant, refused: str) -> list[Finding] | None:
        if plant.whole and (desk.is_touched or desk.has_moved_rows):
            return None
        allowed = _allowed(desk, plant.late)
        spot = find_spot(plant, desk.source, desk.heading, desk.rows, self.random, allowed)
        if spot is None:
            return None
        edited = plant.edit(spot)
        for row in (spot.row, spot.second):
            desk.trades.pop(row.number, None)
        if refused:
            desk.bad_rows = edited.rows
            return []
        desk.rows, desk.is_whole = edited.rows, plant.whole
        desk.later += edited.later
        resolved = {row.number for row in edited.later}
        found = []
        for truth in edited.truths:
            at = self.dated.get((desk.source, truth.number), truth.at)
            found += self.expected.expect(desk.source, truth, at, resolved=truth.number in resolved)
        return found + [self.expected.expect_tomorrow(desk.source, truth) for truth in edited.truths_later]

    def _plant_ours(self, desk: Desk, plant: OurPlant) -> list[Finding] | None:
        window, start = day_window(desk.source, desk.heading.day), midnight(desk.heading.day)
        first, last = (
            (window.transit_from, window.end) if plant.late else (start + QUIET[0], start + QUIET[1])
        )
        usable = [each for each in desk.trades.values() if first <= each.at < last and plant.fits(each.row)]
        if not usable:
            return None
        trade = self.random.choice(usable)
        edit = plant.edit(OurSpot(trade, desk.heading, self.random))
        del desk.trades[trade.number]
        self.booked[desk.source, trade.number] = list(edit.entries)
        found = []
        for truth in edit.truths:
            found += self.expected.expect(desk.source, truth, truth.at, resolved=edit.resolved)
        found += [self.expected.expect_tomorrow(desk.source, truth) for truth in edit.truths_later]
        if edit.elsewhere is not None:
            missing = Truth(MatchClass.MISSING_THERE, line_kind(trade.row), trade.number)
            found += self.expected.expect(edit.elsewhere, missing, trade.at)
        return found


def _allowed(desk: Desk, late: bool) -> Callable[[Row], bool]:
    """Rows that may be taken: of trades still honest, and not in the last minutes unless it must be."""
    transit_from = day_window(desk.source, desk.heading.day).transit_from
    return lambda row: row.number in desk.trades and (late or row.at < transit_from)
