"""Which schedules are played: every single fault of each story, drawn pairs and triples, random worlds."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from multiprocessing import get_context
from threading import Semaphore
from time import monotonic

from simulation.faults import KILL_AFTER, KILL_BEFORE, Fault, Schedule, random_world
from simulation.play import play
from simulation.stories import STORIES

SEEDS = (1,)
CHUNK = 20
KILLS = (KILL_BEFORE, KILL_AFTER)


@dataclass(frozen=True, slots=True)
class Violation:
    schedule: Schedule
    """With every fault named."""
    invariant: str
    detail: str


@dataclass(slots=True)
class Tally:
    """What came of a number of schedules."""

    schedules: int = 0
    calls: int = 0
    unstruck: int = 0
    """Schedules whose named faults did not all happen."""
    crashes: set[str] = field(default_factory=set)
    """Story, seed and call at which a process was killed."""
    violations: list[Violation] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        self.schedules += other.schedules
        self.calls += other.calls
        self.unstruck += other.unstruck
        self.crashes |= other.crashes
        self.violations += other.violations


def singles(seeds: Iterable[int] = SEEDS, stories: Iterable[str] = tuple(STORIES)) -> Iterator[Schedule]:
    """Each story without a fault, and with each single fault that can strike it: every call x every kind."""
    for seed in seeds:
        for story in stories:
            plain = Schedule(story, seed)
            yield plain
            for point in play(plain).points:
                for kind in point.kinds:
                    yield replace(plain, faults=(Fault(point.place, kind),))


def drawn(faults: int, rounds: int, stories: Iterable[str] = tuple(STORIES)) -> Iterator[Schedule]:
    """Stories with at most so many faults at random places, those on the way to recovery too."""
    for number in range(rounds):
        for story in stories:
            yield Schedule(story, 1_000 * faults + number, drawn=faults, chance=faults / 60)


def worlds(first: int = 0) -> Iterator[Schedule]:
    """Random worlds of 1 to 20 customers, without end."""
    seed = first
    while True:
        yield random_world(seed)
        seed += 1


@dataclass(slots=True)
class Plan:
    """Singles, then pairs and triples in equal parts with worlds, until the number is reached."""

    schedules: int
    singles_over: bool = False

    def all(self) -> Iterator[Schedule]:
        count = 0
        for schedule in singles():
            count += 1
            yield schedule
        self.singles_over = True
        rest = max(600, self.schedules - count)
        rounds = rest // 4 // len(STORIES) + 1
        yield from drawn(2, rounds)
        yield from drawn(3, rounds)
        yield from islice(worlds(), rest // 2)


def play_all(schedules: list[Schedule]) -> Tally:
    tally = Tally()
    for schedule in schedules:
        outcome = play(schedule)
        tally.schedules += 1
        tally.calls += len(outcome.points)
        tally.unstruck += not set(schedule.faults) <= set(outcome.happened)
        for fault in outcome.happened:
            if fault.kind in KILLS:
                tally.crashes.add(f"{schedule.story}/{schedule.seed}/{fault.place}")
        if outcome.invariant:
            tally.violations.append(Violation(outcome.exact, outcome.invariant, outcome.detail))
    return tally


def explore(schedules: Iterator[Schedule], *, processes: int, seconds: float) -> Iterator[Tally]:
    """Play in parallel; yield the running total after each chunk. Ends early when the time is over."""
    total = Tally()
    ends = monotonic() + seconds

    room = Semaphore(4 * processes)  # the pool would otherwise take all chunks at once, before any is played

    def chunks() -> Iterator[list[Schedule]]:
        while (chunk := list(islice(schedules, CHUNK))) and monotonic() < ends:
            room.acquire(timeout=seconds)
            yield chunk

    if processes == 1:
        for chunk in chunks():
            total.add(play_all(chunk))
            yield total
        return
    with get_context().Pool(processes) as pool:
        for tally in pool.imap_unordered(play_all, chunks()):
            room.release()
            total.add(tally)
            yield total


def shrink(violation: Violation) -> Violation:
    """Drop people and faults while the same invariant still breaks."""
    best = violation
    if best.schedule.story == "world" and not best.schedule.only:
        everybody = tuple(chr(65 + number) for number in range(20))
        best = _try(best, replace(best.schedule, only=everybody)) or best
    shrinking = True
    while shrinking:
        shrinking = False
        for smaller in _smaller(best.schedule):
            found = _try(best, smaller)
            if found:
                best, shrinking = found, True
                break
    return best


def _smaller(schedule: Schedule) -> Iterator[Schedule]:
    for part in range(len(schedule.only)):
        if len(schedule.only) > 1:
            yield replace(schedule, only=schedule.only[:part] + schedule.only[part + 1 :])
    for part in range(len(schedule.faults)):
        yield replace(schedule, faults=schedule.faults[:part] + schedule.faults[part + 1 :])


def _try(known: Violation, schedule: Schedule) -> Violation | None:
    outcome = play(schedule)
    if outcome.invariant != known.invariant:
        return None
    return Violation(outcome.exact, outcome.invariant, outcome.detail)
