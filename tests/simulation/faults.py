"""What may befall an outside call, and schedules of it.

A place is `process:call`, the number of the call within its process; a fault there is one word. A schedule
either names its faults or draws them from its seed while it runs (`~2`: at most two).
"""

from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from simulation.scheduler import Dice

LOST = "lost"
"""The request never arrives; the caller learns nothing."""
LOST_AFTER = "lost_after"
"""It takes effect; the answer never arrives."""
LATE = "late"
"""The caller gives up waiting; the request arrives after that."""
KILL_BEFORE = "kill_before"
KILL_AFTER = "kill_after"
CONFLICT = "conflict"
THROTTLE = "throttle"
NOT_SENT = "not_sent"
REFUSE = "refuse"
"""A definite no."""
STALE = "stale"
"""The answer does not know of the thing yet."""
LAGGING = "lagging"
"""The answer tells the state before the last change."""
FAIL = "fail"
"""Taken, and ended in failure later."""
STUCK = "stuck"
"""A refund that the payer's account cannot receive."""
STAY = "stay"
"""Taken, and not ended for two hours."""
PAID_FIRST = "paid_first"
"""The customer pays and the notice arrives before the answer to the prepay does."""
FORGE = "forge"
"""Somebody posts a notice of an outcome that is not so."""
PARTIAL = "partial"
"""A batch of which only the first message is taken."""
TWICE = "twice"
AGAIN = "again"
"""Delivered once more after it was handled."""
REPLAY = "replay"
"""The very same bytes once more."""
DELAY = "delay"
HOUR = "hour"
"""Nothing comes for an hour."""
LOSE = "lose"
"""The first ten deliveries of a payment's notice are lost (six hours), all of another notice."""
NEVER = "never"
"""No delivery of a notice ever arrives. Only stories in which the day is closed want it."""
ODD = "odd"
"""UnionPay answers with a code that settles nothing."""
GONE = "gone"
SLOW = "slow"
"""Each call of this process takes forty times as long."""
AHEAD = "ahead"
BEHIND = "behind"
NEWER = "newer"
"""Written by another release: it says something more, which ours must pass over."""
DOUBLE = "double"
"""The customer taps twice."""

READ = (LOST, THROTTLE, KILL_BEFORE)
INDEX = (*READ, STALE)
WRITE = (LOST, LOST_AFTER, LATE, CONFLICT, THROTTLE, KILL_BEFORE, KILL_AFTER)
CALL = (LOST, LOST_AFTER, LATE, KILL_BEFORE, KILL_AFTER)
PREPARE = (*CALL, NOT_SENT, REFUSE, PAID_FIRST)
QUERY = (LOST, KILL_BEFORE, STALE, LAGGING)
REFUND = (*CALL, NOT_SENT, REFUSE, FAIL, STUCK, STAY)
SUBMIT = (*CALL, REFUSE, FAIL, STAY, FORGE)
SUBMIT_BILLS = (*CALL, REFUSE, FAIL, STAY)
SEND = (*CALL, PARTIAL, TWICE, DELAY, HOUR)
POST = (LOST, LOST_AFTER, GONE, KILL_BEFORE, KILL_AFTER)
REQUEST = (LOST, LOST_AFTER, DOUBLE)
NOTICE = (LOSE, LOST, TWICE, REPLAY, HOUR, FORGE)
START = (KILL_BEFORE, SLOW, AHEAD, BEHIND)
DELIVER = (*START, TWICE, AGAIN, NEWER)
WEIGHTY = frozenset({WRITE, CALL, PREPARE, QUERY, REFUND, SUBMIT, SUBMIT_BILLS, SEND, NOTICE, REQUEST})
"""Where an effect may be lost or doubled: drawn faults strike there more often than at reads and pushes."""
OFTEN, SELDOM = 2.5, 0.4


class Fault(NamedTuple):
    place: str
    kind: str

    def __str__(self) -> str:
        return f"{self.place}={self.kind}"


class Point(NamedTuple):
    """A place where something could have gone wrong."""

    place: str
    operation: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Who wants what, in which order, and what goes wrong. `only`: these customers of a random world."""

    story: str
    seed: int
    faults: tuple[Fault, ...] = ()
    drawn: int = 0
    """At most so many faults drawn from the seed, beside those named."""
    chance: float = 0.02
    only: tuple[str, ...] = ()

    def __str__(self) -> str:
        story = f"{self.story}[{'+'.join(self.only)}]" if self.only else self.story
        named = ",".join(map(str, self.faults))
        drawn = f"~{self.drawn}~{self.chance}" if self.drawn else ""
        return f"{story}/{self.seed}/{named}{drawn}"


def parse_schedule(text: str) -> Schedule:
    """Read what `str(schedule)` writes; a number alone is that random world with its own faults."""
    if text.isdigit():
        return random_world(int(text))
    story, seed, faults = (*text.split("/", 2), "")[:3]
    name, _, only = story.partition("[")
    named, _, drawn = faults.partition("~")
    most, _, chance = drawn.partition("~")
    return Schedule(
        name,
        int(seed),
        tuple(Fault(*fault.split("=", 1)) for fault in named.split(",") if fault),
        int(most or 0),
        float(chance or 0.02),
        tuple(only.rstrip("]").split("+")) if only else (),
    )


def random_world(seed: int) -> Schedule:
    return Schedule("world", seed, drawn=seed % 8, chance=0.004 * (1 + seed % 5))


@dataclass(slots=True)
class Faults:
    """Decides at each place, and remembers what it decided."""

    schedule: Schedule
    points: list[Point] = field(default_factory=list)
    happened: list[Fault] = field(default_factory=list)
    _named: dict[str, str] = field(init=False)
    _random: Random = field(init=False)
    _left: int = field(init=False)

    def __post_init__(self) -> None:
        self._named = {fault.place: fault.kind for fault in self.schedule.faults}
        self._random = Dice(f"{self.schedule.seed}/faults/{self.schedule.drawn}")
        self._left = self.schedule.drawn

    def at(self, place: str, operation: str, kinds: tuple[str, ...]) -> str:
        """What befalls this call, or nothing ("")."""
        self.points.append(Point(place, operation, kinds))
        kind = self._named.get(place, "")
        chance = self.schedule.chance * (OFTEN if kinds in WEIGHTY else SELDOM)
        if not kind and kinds and self._left and self._random.random() < chance:
            kind = self._random.choice(kinds)
            self._left -= 1
        if kind in kinds:
            self.happened.append(Fault(place, kind))
            return kind
        return ""
