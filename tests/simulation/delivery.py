"""Queues, streams, schedule, callbacks: at least once, late, in any order, and again after a crash."""

from collections.abc import Callable
from dataclasses import dataclass, field

from octane.kernel.errors import OctaneError
from octane.notify.push import GoneError, Message, push
from octane.orders.changes import changes_in
from octane.orders.dispatch import dispatch
from octane.orders.due import settle_due
from octane.orders.model import Step
from octane.orders.queues import QueueUnavailableError
from octane.orders.recharge import start_recharge
from octane.orders.records import record_of
from octane.orders.refund import send_refunds
from octane.orders.states import Queue
from octane.reviews.waiting import start_review
from octane.store.items import DUE_SHARDS, Item, Table, due_shard
from simulation.deps import SimulatedDeps
from simulation.faults import (
    AGAIN,
    AHEAD,
    BEHIND,
    DELAY,
    DELIVER,
    GONE,
    HOUR,
    KILL_BEFORE,
    NEWER,
    PARTIAL,
    POST,
    SEND,
    SLOW,
    START,
    TWICE,
)
from simulation.scheduler import Killed
from simulation.world import QUEUE, SOCKET, Lost, World
from world.memory_engine import ChangeKind

SECOND = 1_000
MINUTE = 60 * SECOND
API_LIFE, WORKER_LIFE = 15 * SECOND, 30 * SECOND
VISIBILITY = 180 * SECOND
MOST_RECEIVES = 6
BATCH = 5
STREAM_BATCH = 25
STREAM_TRIES = 10
LOST_DELIVERIES = 10
SKEW = 4 * SECOND
PACE = 40
WORKERS = {
    Queue.RECHARGE: "recharge_order",
    Queue.REFUND: "refund_payment",
    Queue.DUE: "settle_due",
    Queue.REVIEW: "start_review",
}

Envelope = dict[str, str | int]


def invoke(
    world: World,
    kind: str,
    alias: str,
    work: Callable[[], None],
    *,
    delay: int,
    life: int,
    kinds: tuple[str, ...] = START,
    ended: Callable[[bool], None] = lambda _done: None,
) -> str:
    """Invoke a function; `ended(True)` when it ran to its end, `ended(False)` when it raised or was killed.

    Returns the start's fault, of which some are the caller's to play.
    """
    name = world.name(kind, alias)
    fault = world.point(f"{name}:0", f"start {kind}", kinds)

    def run() -> None:
        process = world.scheduler.running
        if process is None or fault == KILL_BEFORE:
            raise Killed
        process.skew = {AHEAD: SKEW, BEHIND: -SKEW}.get(fault, 0)
        process.pace = PACE if fault == SLOW else 1
        process.kind = kind
        done = True
        try:
            work()
        except OctaneError as error:
            world.note(f"✗ {error.code}")
            done = False
        if process.instance is not None:
            world.idle[kind].append(process.instance)
        ended(done)

    def killed() -> None:
        world.cut_short += 1
        world.note("✗ killed")
        ended(False)

    world.scheduler.start(name, run, delay=delay, life=life, on_killed=killed)
    return fault


@dataclass(slots=True, eq=False)
class Waiting:
    """A message in a queue; `visible_at` moves on while somebody has it."""

    body: Envelope
    visible_at: int
    receives: int = 0


@dataclass(slots=True)
class SimulatedQueues:
    """Implements `octane.orders.deps.Queues`, and invokes the workers."""

    world: World
    deps: SimulatedDeps
    waiting: dict[Queue, list[Waiting]] = field(default_factory=lambda: {queue: [] for queue in Queue})
    dead: int = 0

    def send(self, queue: Queue, messages: list[Envelope]) -> None:
        for start in range(0, len(messages), 10):
            batch = messages[start : start + 10]

            def effect(kind: str, batch: list[Envelope] = batch) -> None:
                taken = batch[:1] if kind == PARTIAL else batch
                for message in taken:
                    self._take(queue, message, kind)
                if kind == PARTIAL:
                    raise QueueUnavailableError

            about = str(batch[0]["order_id"])
            try:
                self.world.outside(f"send {queue} {len(batch)}", about, SEND, QUEUE, effect)
            except Lost:
                raise QueueUnavailableError from None

    def _take(self, queue: Queue, message: Envelope, kind: str) -> None:
        order, event = str(message["order_id"]), str(message.get("event", ""))
        self.world.sent[queue, order, event, int(message.get("refund_no", 0))] += 1
        wait = self.world.random.randint(5, 400) + {DELAY: 15 * MINUTE, HOUR: 60 * MINUTE}.get(kind, 0)
        for extra in (0, self.world.random.randint(0, 2_000)) if kind == TWICE else (0,):
            self._enqueue(queue, Waiting(dict(message), self.world.scheduler.now + wait + extra))

    def _enqueue(self, queue: Queue, message: Waiting) -> None:
        self.waiting[queue].append(message)
        self.world.scheduler.at(message.visible_at, lambda: self._poll(queue))

    def _poll(self, queue: Queue) -> None:
        now = self.world.scheduler.now
        batch = [message for message in self.waiting[queue] if message.visible_at <= now][:BATCH]
        for message in batch:
            message.receives += 1
            message.visible_at = now + VISIBILITY
            if message.receives > MOST_RECEIVES:
                self.waiting[queue].remove(message)
                self.dead += 1
        batch = [message for message in batch if message.receives <= MOST_RECEIVES]
        if batch:
            self._work(queue, batch)

    def _work(self, queue: Queue, batch: list[Waiting]) -> None:
        done: list[Waiting] = []

        def work() -> None:
            for message in batch:
                try:
                    self._handle(queue, message.body)
                except OctaneError as error:
                    self.world.note(f"✗ {error.code}: the message comes again")
                else:
                    done.append(message)

        def ended(whole: bool) -> None:
            for message in batch:
                if whole and message in done:
                    if message in self.waiting[queue]:
                        self.waiting[queue].remove(message)
                else:
                    self.world.scheduler.at(message.visible_at, lambda: self._poll(queue))

        kind = WORKERS[queue]
        alias = self.world.alias(str(batch[0].body["order_id"]))
        delay = self.world.random.randint(1, 30)
        fault = invoke(
            self.world, kind, alias, work, delay=delay, life=WORKER_LIFE, kinds=DELIVER, ended=ended
        )
        if fault == NEWER:
            for message in batch:
                message.body["added_later"] = 1
        if fault in (TWICE, AGAIN):
            later = self.world.scheduler.now + (
                1 if fault == TWICE else self.world.random.randint(500, 120_000)
            )
            for message in batch:
                self._enqueue(queue, Waiting(dict(message.body), later))

    def _handle(self, queue: Queue, message: Envelope) -> None:
        order_id = str(message["order_id"])
        match queue:
            case Queue.RECHARGE:
                start_recharge(self.deps, order_id)
            case Queue.REFUND:
                send_refunds(self.deps, order_id, int(message["refund_no"]))
            case Queue.DUE:
                settle_due(self.deps, order_id)
            case Queue.REVIEW:
                start_review(self.deps, order_id)


@dataclass(slots=True)
class Reader:
    """A consumer's place in one shard of a stream."""

    records: list[Item] = field(default_factory=list)
    busy: bool = False
    tries: int = 0


class Stream:
    """One consumer of a table's stream: each shard in order, a batch again until it is through."""

    repeats_after = 5
    """Milliseconds until a batch that comes twice comes for the second time."""

    def __init__(self, world: World, kind: str, read: Callable[[list[Item]], None]) -> None:
        self._world = world
        self._kind = kind
        self._read = read
        self._readers = {f"due{number}": Reader() for number in range(DUE_SHARDS)}
        self.given_up = 0

    def take(self, record: Item, least: int = 50, most: int = 300) -> None:
        """Deliver a record after a while, with what comes until then."""
        reader = self._readers[due_shard(str(record["pk"]))]
        reader.records.append(record)
        self._wake(reader, self._world.random.randint(least, most))

    def _wake(self, reader: Reader, delay: int) -> None:
        if reader.busy or not reader.records:
            return
        reader.busy = True
        self._world.scheduler.at(self._world.scheduler.now + delay, lambda: self._deliver(reader))

    def _deliver(self, reader: Reader) -> None:
        batch = reader.records[:STREAM_BATCH]
        alias = self._world.alias(str(batch[0]["pk"]))

        def work() -> None:
            more = {"added_later": 1} if fault == NEWER else {}
            self._read([{**item, **more} for item in batch])

        def ended(done: bool) -> None:
            reader.busy = False
            reader.tries = 0 if done else reader.tries + 1
            if reader.tries > STREAM_TRIES:
                self.given_up += 1
            if (done and fault != AGAIN) or reader.tries > STREAM_TRIES:
                del reader.records[: len(batch)]
                reader.tries = 0
            self._wake(reader, self._world.random.randint(10, 60) + 1_000 * min(reader.tries, 30))

        fault = invoke(
            self._world, self._kind, alias, work, delay=0, life=WORKER_LIFE, kinds=DELIVER, ended=ended
        )
        if fault == TWICE:
            invoke(self._world, self._kind, alias, work, delay=self.repeats_after, life=WORKER_LIFE, kinds=())


class Streams:
    """The orders stream with the template's two consumers and their filters."""

    def __init__(self, world: World, deps: SimulatedDeps) -> None:
        self._world = world
        self._seen = 0
        self._relay = Stream(world, "dispatch", lambda items: dispatch(deps, _steps(items)))
        self._pusher = Stream(world, "push", lambda items: push(deps, changes_in(_steps(items))))

    @property
    def given_up(self) -> int:
        return self._relay.given_up + self._pusher.given_up

    def look(self) -> None:
        """Take what was written since, and wake the readers."""
        for change in self._world.changes(Table.ORDERS, self._seen):
            self._seen = change.number
            if (
                change.kind is not ChangeKind.INSERT
                or not change.key.sk.startswith("STEP#")
                or not change.new
            ):
                continue
            self._pusher.take(change.new)
            if change.new.get("queue") in ("recharge", "refund", "review"):
                self._relay.take(change.new)


def _steps(items: list[Item]) -> list[Step]:
    return [record_of(Step, item) for item in items]


@dataclass(slots=True)
class SimulatedSockets:
    """Implements `octane.notify.push.Sockets`; keeps what each person was told."""

    world: World
    told: list[tuple[str, Message]] = field(default_factory=list)

    def post(self, connection_id: str, message: Message) -> None:
        def effect(kind: str) -> None:
            if kind == GONE:
                raise GoneError
            self.told.append((connection_id, dict(message)))

        try:
            self.world.outside(f"push {message['event']}", message["order_id"], POST, SOCKET, effect)
        except Lost:
            raise TimeoutError from None
