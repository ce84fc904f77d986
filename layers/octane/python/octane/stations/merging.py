"""What a window of rows changes: stations, the cells that name them, and rows that another station stands in
the way of. Nothing is written here."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Self

from octane.stations.cells import MOST_IN_CELL, far_cell, line_of, lines_of, near_cell, packed, place_of
from octane.stations.model import Station
from octane.stations.records import cell_key, item_of, station_key
from octane.stations.rows import Fault, Row, RowRule, square_of
from octane.store.items import Item
from octane.store.writes import Absent, Is, Put, Write

MOST_WRITES = 95
"""Of a transaction's 100: the import itself is one more, and a station can touch four cells."""


class Stored(NamedTuple):
    """A cell as it stands."""

    lines: dict[str, str]
    version: int
    """0: there is no item."""

    @classmethod
    def of(cls, item: Item) -> Self:
        return cls(lines_of(item), int(str(item["version"])))


class Merged(NamedTuple):
    taken: int
    """How many rows of the window this is; the rest is for the next transaction."""
    written: int
    unchanged: int
    faults: tuple[Fault, ...]
    writes: tuple[Write, ...]
    """Commit them together. A station or a cell that somebody changed meanwhile fails them all."""


def merge(
    window: Sequence[Row],
    stored: Mapping[str, Station],
    read_cells: Callable[[Iterable[str]], Mapping[str, Stored]],
) -> Merged:
    """Work out one transaction. `stored` are the window's stations as they stand; `read_cells` is called
    once, with the cells in question, at most 100."""
    taken, cells, changed = _fitting(window, stored)
    known = read_cells(cells) if cells else {}
    found = {
        cell: Stored(dict(known[cell].lines), known[cell].version) if cell in known else Stored({}, 0)
        for cell in cells
    }
    faults, writes, dirty = [], [], set()
    for row in changed:
        station, before = row.station, stored.get(row.station.station_id)
        fault = None if station.closed else _in_the_way(row, found[near_cell(station.place)])
        if fault:
            faults.append(fault)
            continue
        for cell in _cells_of(before) - _cells_of(station):
            dirty.add(cell)
            found[cell].lines.pop(station.station_id, None)
        for cell in _cells_of(station):
            dirty.add(cell)
            found[cell].lines[station.station_id] = line_of(station)
        version = before.version if before else 0
        item = item_of(station._replace(version=version + 1))
        writes.append(Put(station_key(station.station_id), item, when=_as_it_was(version)))
    for cell in sorted(dirty):
        item = {"stations": packed(found[cell].lines), "version": found[cell].version + 1}
        writes.append(Put(cell_key(cell), item, when=_as_it_was(found[cell].version)))
    unchanged = taken - len(changed)
    return Merged(taken, len(changed) - len(faults), unchanged, tuple(faults), tuple(writes))


def _fitting(window: Sequence[Row], stored: Mapping[str, Station]) -> tuple[int, set[str], list[Row]]:
    """As many of the first rows as one transaction takes, the cells that they touch, and which change."""
    cells: set[str] = set()
    changed: list[Row] = []
    for taken, row in enumerate(window):
        before = stored.get(row.station.station_id)
        if before is not None and row.station._replace(version=before.version) == before:
            continue
        touched = cells | _cells_of(row.station) | _cells_of(before)
        if len(touched) + len(changed) + 1 > MOST_WRITES:
            return taken, cells, changed
        cells = touched
        changed.append(row)
    return len(window), cells, changed


def _in_the_way(row: Row, cell: Stored) -> Fault | None:
    """Why there is no room for a station in its near cell: another stands in the same spot, or too many do.
    A neighbour across the border of a cell is not seen."""
    station_id, square = row.station.station_id, square_of(row.station.place)
    for other, line in cell.lines.items():
        if other != station_id and square_of(place_of(line)) == square:
            return Fault(row.line, RowRule.DUPLICATE_PLACE, f"station {other}")
    full = len(cell.lines) >= MOST_IN_CELL and station_id not in cell.lines
    return Fault(row.line, RowRule.CELL_FULL, near_cell(row.station.place)) if full else None


def _cells_of(station: Station | None) -> set[str]:
    """Where a station is found by place."""
    if station is None or station.closed:
        return set()
    return {near_cell(station.place), far_cell(station.place)}


def _as_it_was(version: int) -> Is | Absent:
    return Is("version", version) if version else Absent()
