"""The schedules: what is due is swept, sick channels are asked, each minute."""

from octane.orders.due import sweep_due
from octane.orders.probes import probe_channels
from octane.store.items import Key, Table
from simulation.delivery import MINUTE, SKEW, WORKER_LIFE, invoke
from simulation.deps import SimulatedDeps
from simulation.world import World

TWO_TICKS = 0.4
"""How often a schedule's tick comes twice at once: it promises to come at least once."""


class Sweeper:
    """The schedule, each minute. A tick at which nothing can be due is left out: it would change nothing."""

    def __init__(self, world: World, deps: SimulatedDeps) -> None:
        self._world = world
        self._deps = deps
        self._next = 0
        self._seen = 0
        self._due: dict[Key, int] = {}

    def look(self) -> None:
        """Make sure that the tick after the earliest due moment will come."""
        due = self._earliest()
        if due is None:
            return
        now = self._world.scheduler.now
        tick = max(due - SKEW, now) // MINUTE * MINUTE + MINUTE
        if self._next <= now or tick < self._next:
            self._next = tick
            self._world.scheduler.at(tick, lambda: self._tick(tick))

    def _tick(self, tick: int) -> None:
        if tick != self._next:
            return
        invoke(
            self._world,
            "sweep",
            "",
            lambda: void(sweep_due(self._deps)),
            delay=0,
            life=WORKER_LIFE,
            ended=lambda _done: self.look(),
        )

    def _earliest(self) -> int | None:
        """What the `due` index would say first."""
        for change in self._world.changes(Table.ORDERS, self._seen):
            self._seen = change.number
            due = (change.new or {}).get("due_at") if "due_shard" in (change.new or {}) else None
            self._due.pop(change.key, None)
            if due is not None:
                self._due[change.key] = int(str(due))
        return min(self._due.values(), default=None)


class Prober:
    """The schedule that asks sick channels, each minute while there is one; at times two at once."""

    def __init__(self, world: World, deps: SimulatedDeps) -> None:
        self._world = world
        self._deps = deps
        self._seen = 0
        self._sick: set[str] = set()
        self._next = 0

    def look(self) -> None:
        for change in self._world.changes(Table.ROUTING, self._seen):
            self._seen = change.number
            if change.key.sk == "#HEALTH":
                well = (change.new or {}).get("circuit", "CLOSED") == "CLOSED"
                (self._sick.discard if well else self._sick.add)(change.key.pk)
        now = self._world.scheduler.now
        if self._sick and self._next <= now:
            self._next = now // MINUTE * MINUTE + MINUTE
            self._world.scheduler.at(self._next, self._tick)

    def _tick(self) -> None:
        for _ in range(1 + (self._world.random.random() < TWO_TICKS)):
            self._probe()
        self.look()

    def _probe(self) -> None:
        invoke(
            self._world,
            "probe_channels",
            "",
            lambda: void(probe_channels(self._deps)),
            delay=self._world.random.randint(0, 30),
            life=WORKER_LIFE,
        )


def void(_value: object) -> None:
    """Drop a value where none is wanted."""
