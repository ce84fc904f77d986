"""What a window of rows changes: stations, the cells that name them, and rows that another station stands in
the way of. Nothing is written here."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Self

from octane.kernel.clock import Instant
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
    superseded: int
    faults: tuple[Fault, ...]
    writes: tuple[Write, ...]
    """Commit them together. A station or a cell that somebody changed meanwhile fails them all."""


class _Fitting(NamedTuple):
    taken: int
    cells: set[str]
    """That the changed ones are in, or leave."""
    changed: list[Row]
    confirmed: list[Station]
    """As they stand, but for the time: the file says the same as an older one."""
    superseded: int


def merge(
    window: Sequence[Row],
    stored: Mapping[str, Station],
    as_of: Instant,
    read_cells: Callable[[Iterable[str]], Mapping[str, Stored]],
) -> Merged:
    """Work out one transaction. `stored` are the window's stations as they stand; `as_of` is when the file
    was uploaded: what a newer one wrote or confirmed stays. `read_cells` is called once, with the cells in
    question, at most 100."""
    taken, cells, changed, confirmed, superseded = _fitting(window, stored, as_of)
    known = read_cells(cells) if cells else {}
    found = {
        cell: Stored(dict(known[cell].lines), known[cell].version) if cell in known else Stored({}, 0)
        for cell in cells
    }
    faults, dirty = [], set()
    writes: list[Write] = [_replaced(station, station.version, as_of) for station in confirmed]
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
        writes.append(_replaced(station, before.version if before else 0, as_of))
    for cell in sorted(dirty):
        item: Item = {"stations": packed(found[cell].lines), "version": found[cell].version + 1}
        writes.append(Put(cell_key(cell), item, when=_as_it_was(found[cell].version)))
    unchanged = taken - len(changed) - superseded
    return Merged(taken, len(changed) - len(faults), unchanged, superseded, tuple(faults), tuple(writes))


def _replaced(station: Station, version: int, as_of: Instant) -> Write:
    """Write a station over that version of it."""
    item = item_of(station._replace(version=version + 1, as_of=as_of))
    return Put(station_key(station.station_id), item, when=_as_it_was(version))


def _fitting(window: Sequence[Row], stored: Mapping[str, Station], as_of: Instant) -> _Fitting:
    """As many of the first rows as one transaction takes."""
    cells: set[str] = set()
    changed: list[Row] = []
    confirmed: list[Station] = []
    superseded = 0
    for taken, row in enumerate(window):
        before = stored.get(row.station.station_id)
        is_same = before is not None and row.station == before._replace(version=1, as_of=Instant(0))
        if before is not None and (before.as_of > as_of or (is_same and before.as_of == as_of)):
            superseded += not is_same
            continue
        touched = cells if is_same else cells | _cells_of(row.station) | _cells_of(before)
        if len(touched) + len(changed) + len(confirmed) + 1 > MOST_WRITES:
            return _Fitting(taken, cells, changed, confirmed, superseded)
        cells = touched
        if before is not None and is_same:
            confirmed.append(before)
        else:
            changed.append(row)
    return _Fitting(len(window), cells, changed, confirmed, superseded)


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
