"""Play one schedule from its beginning to rest, and say what came of it."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass

from octane.kernel.clock import Clock
from simulation.archive import Journal
from simulation.callbacks import Post
from simulation.closing import Closing
from simulation.days import check_days
from simulation.delivery import SimulatedQueues, SimulatedSockets, Streams
from simulation.deps import SimulatedDeps
from simulation.faults import Fault, Point, Schedule
from simulation.machine import SimulatedMachine
from simulation.rest import check_rest
from simulation.scheduler import Endless
from simulation.stories import Cast, enter
from simulation.ticks import Prober, Sweeper
from simulation.violations import ViolationError
from simulation.witness import Witness
from simulation.world import DAWN, HOURS_48, World
from world.memory_engine import MemoryEngine


@dataclass(frozen=True, slots=True)
class Outcome:
    """`invariant` is empty when all is well."""

    schedule: Schedule
    invariant: str
    detail: str
    happened: tuple[Fault, ...]
    points: tuple[Point, ...]
    lines: tuple[str, ...]
    virtual_ms: int
    orders: int

    @property
    def exact(self) -> Schedule:
        """The same schedule with every fault named that happened."""
        schedule = self.schedule
        return Schedule(schedule.story, schedule.seed, self.happened, only=schedule.only)


def play(
    schedule: Schedule,
    *,
    tracing: bool = False,
    engine: Callable[[Clock], MemoryEngine] = MemoryEngine,
    tell: Callable[[Cast, Witness], None] | None = None,
) -> Outcome:
    """`engine` may be a twin that asks other tables too; `tell` brings people on stage who have no story."""
    world = World(schedule, tracing=tracing, engine=engine)
    deps = SimulatedDeps(world)
    queues, sockets = SimulatedQueues(world, deps), SimulatedSockets(world)
    deps.queues, deps.sockets, deps.review_machine = queues, sockets, SimulatedMachine(world, deps)
    witness, streams = Witness(world), Streams(world, deps)
    sweeper, prober, post = Sweeper(world, deps), Prober(world, deps), Post(world, deps)
    world.on_sold_out.append(witness.promises.sold_out)
    world.after_write.extend((witness.look, streams.look, sweeper.look, prober.look))
    world.after_effect.extend((witness.look_outside, post.look))
    journal = Journal(world, deps)
    closing = Closing(world, deps, journal)
    world.after_write.append(journal.look)
    cast = Cast(world, deps, closing)
    invariant = detail = ""
    try:
        if tell:
            tell(cast, witness)
        else:
            enter(cast, schedule.story, schedule.only)
        world.scheduler.run(DAWN + HOURS_48)
        closing.finish(DAWN + HOURS_48)
        check_rest(world, witness, queues, streams, sockets, cast.people)
        check_days(closing, witness.keepers.differences)
    except ViolationError as violation:
        invariant, detail = violation.invariant, violation.detail
    except Endless as endless:
        invariant, detail = "the world comes to rest in 48 hours", str(endless)
    except Exception as error:  # the outermost edge: a crash of the code under test is a finding
        invariant, detail = "nothing raises what it does not promise", _where(error)
    world.note(f"violated: {invariant}: {detail}" if invariant else "at rest; all books agree")
    virtual = world.scheduler.now - DAWN
    world.scheduler.stop()
    return Outcome(
        schedule,
        invariant,
        detail,
        tuple(world.faults.happened),
        tuple(world.faults.points),
        tuple(world.lines or ()),
        virtual,
        len(witness.orders),
    )


def _where(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-4:]
    path = " < ".join(
        f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in reversed(last)
    )
    return f"{type(error).__name__} {error} at {path}"
