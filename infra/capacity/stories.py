"""What people do: ten thousand who pay at once, and a sale."""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from capacity.constants import Operation
from capacity.limits import LIMITS
from capacity.settings import Settings
from capacity.tally import Tally
from capacity.world import Steps, World

if TYPE_CHECKING:
    import simpy

CLIENT_TRIES = 8
RETRY_SECONDS = 1.0
"""A client that was refused comes again after this and as much again at random."""
WAITING_SECONDS = 5
"""A claim that found no shard free is told to come back in 1 to so many (octane/coupons/claims.py)."""
STREAM_BATCH, QUEUE_BATCH = 25, 5
PUSHES = {"place_order": 1, "pay_order": 1, "payment_callback": 1, "issuer_callback": 1}


class Crowd(NamedTuple):
    people: int = 10_000
    within_s: float = 1.0
    """All of them press within this time."""


class Sale(NamedTuple):
    claims: int = 50_000
    within_s: float = 10.0
    """As many in every second."""


def request(world: World, operation: str, *, with_authorizer: bool) -> Steps:
    """One request of a client, with its own tries; the value tells whether it was answered."""
    env, began = world.env, world.env.now
    for _ in range(CLIENT_TRIES):
        yield env.timeout(world.lasts("network") + world.lasts("gateway"))
        refused = "" if world.admit() else "gateway"
        if not refused and with_authorizer:
            refused = yield from world.invoke("authorize")
            with_authorizer = bool(refused)  # the gateway keeps its answer for 30 seconds
        if not refused:
            refused = yield from world.invoke(operation)
        if not refused:
            world.tally.took[operation].append(env.now - began)
            return True
        in_line = refused == "store" and operation == "claim"
        yield env.timeout(
            world.rng.randint(1, WAITING_SECONDS) if in_line else RETRY_SECONDS * world.rng.uniform(1, 2)
        )
    return False


class Consumers:
    """A stream's shards or a queue's pollers: each takes a batch and calls the function, again and again."""

    def __init__(
        self, world: World, function: str, batch: int, poll_s: float, done: Callable[[int], None]
    ) -> None:
        self._world = world
        self._function = function
        self._batch = batch
        self._poll_s = poll_s
        self._done = done
        self._waiting: deque[int] = deque()
        self._idle: list[simpy.Event] = []

    def put(self, person: int) -> None:
        self._waiting.append(person)
        if self._idle:
            self._idle.pop().succeed()

    def work(self, after_s: float = 0.0) -> Steps:
        world = self._world
        yield world.env.timeout(after_s)
        while True:
            if not self._waiting:
                woken = world.env.event()
                self._idle.append(woken)
                yield woken
                yield world.env.timeout(self._poll_s * world.rng.random())
            taken = [self._waiting.popleft() for _ in range(min(self._batch, len(self._waiting)))]
            if not taken:
                continue
            refused = yield from world.invoke(self._function, len(taken), is_request=False)
            if refused:
                self._waiting.extend(taken)
                yield world.env.timeout(RETRY_SECONDS)
                continue
            for person in taken:
                self._done(person)


class Paying:
    """Place an order, start a payment, type a password; then callback, dispatch, recharge, issuer, pushes."""

    def __init__(self, world: World, crowd: Crowd) -> None:
        self._world = world
        self._paid_at: dict[int, float] = {}
        shards = world.settings.writes_of("orders") // int(LIMITS["partition_writes"].value)
        poll = 1 / LIMITS["stream_polls"].value
        self._pushes = Consumers(world, "push_changes", STREAM_BATCH, poll, lambda _: None)
        self._recharges = Consumers(world, "recharge_worker", QUEUE_BATCH, 0.02, self._recharged)
        self._steps = Consumers(world, "dispatch_events", STREAM_BATCH, poll, self._recharges.put)
        start = world.env.process
        for _ in range(shards):
            start(self._pushes.work())
            start(self._steps.work())
        first, rate = int(LIMITS["queue_batches"].value), LIMITS["queue_scaling"].value
        for number in range(world.settings.queue_workers):
            start(self._recharges.work(max(0.0, (number - first + 1) / rate)))
        for person in range(crowd.people):
            start(self._person(person, world.rng.uniform(0, crowd.within_s)))

    def _person(self, person: int, at: float) -> Steps:
        world, env = self._world, self._world.env
        yield env.timeout(at)
        for operation in ("place_order", "pay_order"):
            answered = yield from request(world, operation, with_authorizer=operation == "place_order")
            if not answered:
                world.tally.ended["gave up"] += 1
                return
            self._push(person, operation)
        yield env.timeout(world.rng.lognormvariate(1.8, 0.5))  # some six seconds for a password
        self._paid_at[person] = env.now
        yield from self._told(person, "payment_callback")
        world.tally.took["paid, booked"].append(env.now - self._paid_at[person])
        self._steps.put(person)

    def _told(self, person: int, operation: str) -> Steps:
        """A provider's notice: sent again every 15 seconds until it is taken."""
        while not (yield from request(self._world, operation, with_authorizer=False)):
            yield self._world.env.timeout(15)
        self._push(person, operation)

    def _push(self, person: int, operation: str) -> None:
        for _ in range(PUSHES[operation]):
            self._pushes.put(person)

    def _recharged(self, person: int) -> None:
        self._world.env.process(self._issued(person))

    def _issued(self, person: int) -> Steps:
        yield self._world.env.timeout(self._world.rng.lognormvariate(0.7, 0.5))  # the issuer's two seconds
        yield from self._told(person, "issuer_callback")
        self._world.tally.took["paid, delivered"].append(self._world.env.now - self._paid_at[person])
        self._world.tally.ended["delivered"] += 1


def pay(operations: dict[str, Operation], settings: Settings, crowd: Crowd, seed: int) -> Tally:
    """Run until nothing moves any more."""
    world = World(operations, settings, seed)
    Paying(world, crowd)
    world.env.run()
    return world.tally


def sell(operations: dict[str, Operation], settings: Settings, sale: Sale, seed: int) -> Tally:
    """A sale with a unit for everybody who claims."""
    world = World(operations, settings, seed)

    def claim(at: float) -> Steps:
        yield world.env.timeout(at)
        claimed = yield from request(world, "claim", with_authorizer=True)
        world.tally.ended["claimed" if claimed else "gave up"] += 1

    for _ in range(sale.claims):
        world.env.process(claim(world.rng.uniform(0, sale.within_s)))
    world.env.run()
    return world.tally
