"""Virtual time and the processes in it. A process runs until it waits; then the earliest event goes on.

Processes are greenlets: code under test needs no change to be stopped at any outside call, and a switch costs
about a microsecond. Nothing here reads a machine's clock or randomness.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random
from typing import Any

from greenlet import getcurrent, greenlet


class Dice(Random):
    """Seeded randomness: the same words give the same numbers, on every machine."""


class Killed(BaseException):
    """The process is gone between two instructions; nothing of it may run on, so no `except` sees this."""


class Endless(Exception):
    """The world does not come to rest within its time or steps."""


@dataclass(slots=True, eq=False)
class Process:
    """One invocation of a function, or one person. Times in milliseconds."""

    name: str
    random: Random
    ends_by: int | None
    """When a function is stopped by its time limit; None for a person."""
    skew: int = 0
    """How far this process's clock is ahead."""
    pace: int = 1
    """How many times slower than usual its calls are."""
    kind: str = ""
    """Which function it is an invocation of; empty for a person."""
    instance: Any = None
    """The function instance that it runs in, if it needs one."""
    run: int = 0
    """Which version of a day it resolves; 0 when it does something else."""
    calls: int = 0
    green: Any = None
    over: bool = False


@dataclass(slots=True)
class Scheduler:
    seed: str
    now: int
    most_events: int
    events: list[tuple[int, int, Callable[[], None]]] = field(default_factory=list)
    running: Process | None = None
    alive: dict[Process, None] = field(default_factory=dict)
    count: int = 0
    hub: greenlet = field(default_factory=getcurrent)

    def at(self, when: int, act: Callable[[], None]) -> None:
        """Do something at a moment; equal moments go in the order in which they were asked for."""
        self.count += 1
        heappush(self.events, (max(when, self.now), self.count, act))

    def start(
        self,
        name: str,
        work: Callable[[], None],
        *,
        delay: int,
        life: int | None,
        on_killed: Callable[[], None] = lambda: None,
    ) -> Process:
        """Start a process after a delay; `work` handles its own failures, but not being killed."""
        begins = self.now + delay
        process = Process(name, Dice(f"{self.seed}/{name}"), None if life is None else begins + life)

        def run() -> None:
            try:
                work()
            except Killed:
                on_killed()
            finally:
                process.over = True
                del self.alive[process]

        process.green = greenlet(run, self.hub)
        self.alive[process] = None
        self.at(begins, lambda: self._switch(process))
        return process

    def sleep(self, milliseconds: int) -> None:
        """Let time pass for the running process, and others act meanwhile; raise `Killed` at its time
        limit."""
        process = self._process
        wakes = self.now + milliseconds
        limit = process.ends_by
        dies = limit is not None and wakes >= limit
        if dies and limit is not None:
            wakes = max(limit, self.now)
        if self.events and self.events[0][0] <= wakes:
            self.at(wakes, lambda: self._switch(process))
            self._leave()
        else:
            self.now = wakes  # nobody else has anything to do before
            self.count += 1
            if self.count > self.most_events:
                raise Endless(f"{process.name} goes on and on")
        if dies:
            raise Killed

    def park(self) -> None:
        """Wait until somebody calls `wake`."""
        self._leave()

    def wake(self, process: Process, delay: int) -> None:
        self.at(self.now + delay, lambda: self._switch(process))

    def run(self, until: int) -> None:
        """Run until nothing is left to happen. Raises `Endless` when that does not come."""
        while self.events:
            when, number, act = heappop(self.events)
            if when > until or number > self.most_events:
                raise Endless(f"not at rest after {number} events")
            self.now = when
            act()

    def stop(self) -> None:
        """End what still waits, so that nothing of this world outlives it."""
        self.events.clear()
        for process in list(self.alive):
            if process.green:
                process.green.throw(Killed)

    def _switch(self, process: Process) -> None:
        if process.over:
            return
        before, self.running = self.running, process
        process.green.switch()
        self.running = before

    def _leave(self) -> None:
        self.hub.switch()

    @property
    def _process(self) -> Process:
        if self.running is None:
            raise LookupError("no process is running")
        return self.running
