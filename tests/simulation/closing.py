"""How a day is closed: the state machine's steps, each a function that fails and is called again.

Bill and cut are taken as they stand at one moment, the matching is the unit tests' plain one; what is played
call by call is what books: opening the day, resolving the differences.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import NamedTuple, TypeVar

from unit.reconciliation.oracle import Classed, Dated, classify

from octane.kernel.clock import Instant, in_beijing
from octane.kernel.statement import StatementLine
from octane.ledger.entries import Entry
from octane.ledger.journal import read_day
from octane.reconciliation.cut import cut_lines
from octane.reconciliation.differences import Difference, LineView
from octane.reconciliation.model import DayWindow, MatchClass, Source, day_window
from octane.reconciliation.resolve import StaleRunError, resolve_differences
from octane.reconciliation.run import open_day
from octane.store.items import Table
from simulation.archive import Journal
from simulation.bills import MERCHANTS, Bills
from simulation.delivery import invoke
from simulation.deps import SimulatedDeps
from simulation.faults import START, TWICE
from simulation.violations import must
from simulation.world import World
from world.objects import MemoryObjects

STEP_LIFE = 900_000
STEP_TRIES = 4
FIRST_WAIT = 5_000
MOST_ROUNDS = 16
BELIEVED_MS = 21 * 3_600_000
"""Who says nothing to two runs so far apart is silent for ever."""
NOTHING: tuple[list[Dated], list[Dated]] = ([], [])

Answer = TypeVar("Answer")


class Closed(NamedTuple):
    """What a run of a source's day came to."""

    version: int
    found: tuple[Difference, ...]
    carried: tuple[list[Dated], list[Dated]]
    """In transit, ours and theirs."""


@dataclass(slots=True)
class Closing:
    """Runs of days; `closed` keeps the newest of each that came to its end."""

    world: World
    deps: SimulatedDeps
    journal: Journal
    bills: Bills = field(init=False)
    closed: dict[tuple[str, Source], Closed] = field(default_factory=dict)
    differences: Counter[str] = field(default_factory=Counter)
    """What all runs found, by class; what is in transit is nothing that anybody looks at."""
    asked: dict[str, set[Source]] = field(default_factory=lambda: defaultdict(set))
    """Which days somebody has closed."""

    def __post_init__(self) -> None:
        self.bills = Bills(self.world)

    def ask_for(self, *sources: Source) -> None:
        """See to it that the present day is closed when all is at rest."""
        self.journal.kept = True
        self.asked[self._today().isoformat()].update(sources)

    def start(self, *sources: Source, delay: int = 0, days_ago: int = 0) -> None:
        """Begin a run of a day."""
        self._start(self._today() - timedelta(days=days_ago), sources, delay)

    def finish(self, until: int) -> None:
        """Close all days that anybody closed again and again, until a round without a fault changes nothing
        any more. What the stories wanted for once is over by then."""
        wait, waited = 0, False
        self.world.scripts.clear()
        rounds = MOST_ROUNDS if self.asked else 0
        for _ in range(rounds):
            before, self.closed = self._mark(), {}
            for place, (day, sources) in enumerate(sorted(self.asked.items())):
                self._start(date.fromisoformat(day), sorted(sources), wait + 60_000 * place)
            self.world.scheduler.run(until)
            whole = all((day, source) in self.closed for day in self.asked for source in self.asked[day])
            wait = 0
            if whole and self._mark() == before:
                if waited or not self.somebody_is_silent():
                    return
                wait, waited = BELIEVED_MS, True
        must(not self.asked, "the runs of a day come to an end", f"{MOST_ROUNDS} were not enough")

    def somebody_is_silent(self) -> bool:
        """Whether a bill would be believed later."""
        rows = self.world.engine.items(Table.RECONCILIATION)
        return any(row.get("reason") == "SILENT" and "open_shard" in row for row in rows)

    def _start(self, day: date, sources: Iterable[Source], delay: int) -> None:
        self.asked[day.isoformat()].update(sources)
        name = self.world.name("close_day", "")

        def work() -> None:
            self._run(day, tuple(sources))

        self.world.scheduler.start(name, work, delay=delay, life=None)

    def _run(self, day: date, sources: tuple[Source, ...]) -> None:
        asked = {"day": day.isoformat(), "sources": [source.value for source in sources]}
        opened = self._step("open_day", lambda: open_day(self.deps.store, self._today(), asked))
        if opened is None:
            return
        version = opened["run"]["version"]
        for source in sources:
            matched = self._match(source, day, version)
            self._step(f"resolve_differences.{source}", partial(self._resolve, source, day, matched))

    def _resolve(self, source: Source, day: date, run: Closed) -> bool:
        process = self.world.scheduler.running
        if process is not None:
            process.run = run.version
        try:
            resolve_differences(self.deps, source, day.isoformat(), run.version, run.found)
        except StaleRunError:
            self.world.note(f"run {run.version} of {source} is overtaken")
            return False
        known = self.closed.get((day.isoformat(), source))
        if known is None or known.version <= run.version:
            self.closed[day.isoformat(), source] = run
        return True

    def _match(self, source: Source, day: date, version: int) -> Closed:
        """Bill, cut and matching, at this moment."""
        window, name = day_window(source, day), day.isoformat()
        before = self.closed.get(((day - timedelta(days=1)).isoformat(), source))
        carried = before.carried if before else NOTHING
        theirs = [*carried[1], *_dated(_within(self.bills.lines(source), window), name)]
        ours = [*carried[0], *_dated(cut_lines(self._booked(), source, window, MERCHANTS[source]), name)]
        classed = classify(ours, theirs, window)
        in_transit = [each for each in classed.elements() if each.match_class == "IN_TRANSIT"]
        found = tuple(_differences(classed, source, name))
        self.differences.update(
            d.match_class.value for d in found if d.match_class is not MatchClass.IN_TRANSIT
        )
        self.world.note(f"run {version} of {source} finds {[(d.match_class.value, d.id) for d in found]}")
        return Closed(
            version,
            found,
            ([each.ours for each in in_transit if each.ours], [t.theirs for t in in_transit if t.theirs]),
        )

    def _booked(self) -> Iterable[Entry]:
        """All that the journal has at this moment."""
        archive = MemoryObjects()
        archive.content = self.journal.bucket.kept
        for day in sorted({key.split("/")[1].removeprefix("day=") for key in archive.content}):
            yield from read_day(archive, day)

    def _step(self, kind: str, work: Callable[[], Answer]) -> Answer | None:
        """Call a function until it answers; None when the state machine has given up."""
        scheduler, answers = self.world.scheduler, list[Answer]()
        process = scheduler.running
        if process is None:
            raise LookupError("a step outside of any run")
        for number in range(STEP_TRIES):
            if self._called(kind, lambda: answers.append(work())):
                return answers[0]
            scheduler.sleep(process.random.randint(0, FIRST_WAIT << number))
        return None

    def _called(self, kind: str, work: Callable[[], None]) -> bool:
        """Call once, or twice at the same time, and wait for the first answer."""
        scheduler, done = self.world.scheduler, list[bool]()
        process = scheduler.running
        if process is None:
            raise LookupError("a step outside of any run")

        def ended(whole: bool) -> None:
            done.append(whole)
            scheduler.wake(process, 1)

        delay = process.random.randint(1, 50)
        fault = invoke(
            self.world, kind, "", work, delay=delay, life=STEP_LIFE, kinds=(*START, TWICE), ended=ended
        )
        if fault == TWICE:
            again = delay + process.random.randint(0, 300)
            invoke(self.world, kind, "", work, delay=again, life=STEP_LIFE, kinds=())
        scheduler.park()
        return done[0]

    def _today(self) -> date:
        return in_beijing(Instant(self.world.scheduler.now)).date()

    def _mark(self) -> tuple[int, ...]:
        """How much was ever booked, done about differences, and struck."""
        rows = self.world.engine.items(Table.RECONCILIATION)
        steps = sum(str(row["sk"]).startswith("STEP#") for row in rows)
        return len(self.journal.entries()), steps, len(self.world.faults.happened)


def _within(lines: Iterable[StatementLine], window: DayWindow) -> Iterable[StatementLine]:
    return (line for line in lines if window.start <= line.settled_at < window.end)


def _dated(lines: Iterable[StatementLine], day: str) -> Iterable[Dated]:
    return (Dated(line, day) for line in lines)


def _differences(classed: Counter[Classed], source: Source, day: str) -> Iterable[Difference]:
    """As a run's file gives them: in the same order for the same lines."""
    seen: Counter[tuple[str, str, str]] = Counter()
    for match_class, ours, theirs, fields in sorted(classed.elements(), key=repr):
        line = (ours or theirs).line
        if match_class == "MATCHED":
            continue
        seen[match_class, line.kind, line.number] += 1
        yield Difference(
            source=source,
            day=day,
            match_class=MatchClass(match_class),
            kind=line.kind,
            number=line.number,
            ours=_view(ours),
            theirs=_view(theirs),
            fields=tuple(fields.split(",")) if fields else (),
            nth=seen[match_class, line.kind, line.number],
        )


def _view(dated: Dated | None) -> LineView | None:
    if dated is None:
        return None
    values = {name: getattr(dated.line, name) for name in LineView._fields if name != "day"}
    return LineView(**{**values, "status": dated.line.status.value}, day=dated.day)
