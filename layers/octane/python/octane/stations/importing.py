"""Bring a file of stations into the table, once, however often it is sent and whatever dies meanwhile (ST1).

The good rows are put in order of their cells and written in batches. A batch is one transaction: its
stations, the cells that change with them, and how far the import is. So a run that dies is taken up by the
next one behind its last batch, two runs at once share the work, and the table is whole after each of them.
A station that a file leaves out stays.

Files may come in late and out of order. Each station tells when the newest file that says so was uploaded,
and an older file leaves it alone. So what stands in the table already is written too, for its time; its
cells are not. An upload is known by key, time and content: the same content, uploaded later, is another one.
"""

import hashlib
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple, cast

from octane.audit.acts import Act, act_of, record, system_act
from octane.kernel.caller import Caller
from octane.kernel.clock import Instant
from octane.kernel.errors import InputError, NotFoundError, UnavailableError
from octane.kernel.ids import derive_id
from octane.stations.cells import far_cell, near_cell
from octane.stations.files import raw_rows
from octane.stations.merging import Merged, Stored, merge
from octane.stations.ports import ArrivalDeps, ImportDeps
from octane.stations.records import cell_key, import_key, station_key, station_of
from octane.stations.rows import Fault, Row, judged
from octane.store.items import Item, Value
from octane.store.store import ATTEMPTS, until_settled
from octane.store.writes import Absent, ChangedMeanwhileError, Is, Put

PREFIX, REPORTS = "imports/stations/", "imports/reports/"
WINDOW = 90
"""Rows looked at for one batch; a transaction takes 100 writes, and some are cells."""
MOST_SHOWN = 200
"""Faults that an import tells itself; the report in the bucket has all that a file alone shows."""


class ImportNotFoundError(NotFoundError):
    code = "IMPORT_NOT_FOUND"
    summary = "There is no such file to import."


class ImportKeyInvalidError(InputError):
    code = "IMPORT_KEY_INVALID"
    summary = f"The key of a file of stations begins with {PREFIX}."


class ImportUnfinishedError(UnavailableError):
    """For the worker: the time was over. The next run goes on behind the last batch."""

    code = "IMPORT_UNFINISHED"


class ImportState(StrEnum):
    RUNNING = "RUNNING"
    DONE = "DONE"


class Import(NamedTuple):
    """How far an upload is. `import_id` derives from its key, time and content."""

    import_id: str
    key: str
    state: ImportState
    rows: int
    """Good ones."""
    done: int
    """Rows behind which the next batch begins."""
    written: int
    unchanged: int
    superseded: int
    """A newer file has said otherwise."""
    faults: int
    shown: tuple[str, ...]
    """The first faults: `line rule detail`."""
    report: str
    """Under this key the bucket has a CSV of all faults of the file."""
    uploaded_at: Instant
    started_at: Instant
    version: int = 1

    @property
    def summary(self) -> dict[str, str | int]:
        """For the log."""
        names = ("import_id", "rows", "done", "written", "unchanged", "superseded", "faults")
        return {name: value for name, value in self._asdict().items() if name in names}


def run_import(deps: ImportDeps, key: str, until: Instant, caller: Caller | None = None) -> Import:
    """Bring in the file under a key, or go on with it, until it is done or the time is over.

    Raises `ImportKeyInvalidError`, `ImportNotFoundError`, `FileUnreadableError`. `caller`: the member of
    staff who asks; None: the file's arrival does.
    """
    if not key.startswith(PREFIX):
        raise ImportKeyInvalidError
    file = deps.work.written(key)
    if file is None:
        raise ImportNotFoundError
    import_id = derive_id("I", key, str(file.at), hashlib.sha256(file.content).hexdigest())
    known = _read(deps, import_id)
    if known is not None and known.state is ImportState.DONE:
        return known
    good, faults = judged(raw_rows(file.content))
    uploaded_at = file.at
    del file
    rows = sorted(good, key=_place_in_order)
    progress = known or until_settled(
        lambda: _begin(deps, key, import_id, uploaded_at, len(rows), faults, caller)
    )
    while progress.state is ImportState.RUNNING and deps.clock.now() < until:
        try:
            progress = _next_batch(deps, import_id, rows)
        except (ChangedMeanwhileError, UnavailableError):
            deps.store.pause(ATTEMPTS)  # another run was first, or the tables are busy: look again
    return progress


def import_arrived(deps: ArrivalDeps, key: str, until: Instant) -> Import | None:
    """Bring in a file that has arrived; None for one that cannot be read, which no further try mends.

    Raises `ImportUnfinishedError` when the time is over: the notice comes again.
    """
    try:
        progress = run_import(deps, key, until)
    except (InputError, ImportNotFoundError) as refused:
        deps.signals.count("StationsFileRefused", why=refused.code)
        return None
    if progress.state is ImportState.RUNNING:
        raise ImportUnfinishedError
    return progress


def _place_in_order(row: Row) -> tuple[bool, str, str, str]:
    """Neighbours together: a batch then changes few cells. What is closed makes room first."""
    station = row.station
    return not station.closed, far_cell(station.place), near_cell(station.place), station.station_id


def _begin(
    deps: ImportDeps,
    key: str,
    import_id: str,
    uploaded_at: Instant,
    rows: int,
    faults: Sequence[Fault],
    caller: Caller | None,
) -> Import:
    known = _read(deps, import_id)
    if known is not None:
        return known
    report, now = f"{REPORTS}{import_id}.csv", deps.clock.now()
    lines = (f'{fault.line},{fault.rule},"{fault.detail.replace(chr(34), chr(34) * 2)}"' for fault in faults)
    deps.work.put(report, "\n".join(("line,rule,detail", *lines, "")).encode())
    state = ImportState.RUNNING if rows else ImportState.DONE
    shown = tuple(_shown(fault) for fault in faults[:MOST_SHOWN])
    fresh = Import(import_id, key, state, rows, 0, 0, 0, 0, len(faults), shown, report, uploaded_at, now)
    deps.store.commit(Put(import_key(import_id), _item_of(fresh), when=Absent()), record(_act(fresh, caller)))
    return fresh


def _act(fresh: Import, caller: Caller | None) -> Act:
    once = fresh.import_id
    if caller is None:
        return system_act("import_stations", once, once, fresh.started_at, reason=fresh.key)
    return act_of(caller, "import_stations", once, once, fresh.started_at, reason=fresh.key)


def _next_batch(deps: ImportDeps, import_id: str, rows: Sequence[Row]) -> Import:
    """Write what comes next. Raises `ChangedMeanwhileError` when another run was here first."""
    progress = _read(deps, import_id)
    if progress is None or progress.state is ImportState.DONE:
        return progress or _lost(import_id)
    window = rows[progress.done : progress.done + WINDOW]
    stations = {
        str(item["station_id"]): station_of(item)
        for item in deps.store.batch_get([station_key(row.station.station_id) for row in window])
    }
    merged = merge(window, stations, progress.uploaded_at, lambda cells: _cells(deps, cells))
    after = _advanced(progress, merged, len(rows))
    deps.store.commit(
        Put(import_key(import_id), _item_of(after), when=Is("version", progress.version)), *merged.writes
    )
    return after


def _cells(deps: ImportDeps, cells: Iterable[str]) -> dict[str, Stored]:
    items = deps.store.batch_get([cell_key(cell) for cell in sorted(cells)])
    return {str(item["pk"]).partition("#")[2]: Stored.of(item) for item in items}


def _advanced(progress: Import, merged: Merged, rows: int) -> Import:
    """`rows`: how many the file has by the rules of today, which need not be those that it was begun with."""
    done = progress.done + merged.taken
    shown = (*progress.shown, *map(_shown, merged.faults))
    return progress._replace(
        state=ImportState.DONE if done >= rows else ImportState.RUNNING,
        done=done,
        written=progress.written + merged.written,
        unchanged=progress.unchanged + merged.unchanged,
        superseded=progress.superseded + merged.superseded,
        faults=progress.faults + len(merged.faults),
        shown=shown[:MOST_SHOWN],
        version=progress.version + 1,
    )


def _lost(import_id: str) -> Import:
    raise ImportNotFoundError(import_id)


def _shown(fault: Fault) -> str:
    return f"{fault.line} {fault.rule} {fault.detail}".rstrip()


def _read(deps: ImportDeps, import_id: str) -> Import | None:
    item = deps.store.get(import_key(import_id))
    return None if item is None else _import_of(item)


def _item_of(progress: Import) -> dict[str, Value]:
    return {**progress._asdict(), "state": progress.state.value, "shown": list(progress.shown)}


def _import_of(item: Item) -> Import:
    shown = cast("list[Value]", item["shown"])
    return Import(
        import_id=str(item["import_id"]),
        key=str(item["key"]),
        state=ImportState(str(item["state"])),
        rows=int(str(item["rows"])),
        done=int(str(item["done"])),
        written=int(str(item["written"])),
        unchanged=int(str(item["unchanged"])),
        superseded=int(str(item["superseded"])),
        faults=int(str(item["faults"])),
        shown=tuple(str(line) for line in shown),
        report=str(item["report"]),
        uploaded_at=Instant(int(str(item["uploaded_at"]))),
        started_at=Instant(int(str(item["started_at"]))),
        version=int(str(item["version"])),
    )
