"""What the use cases get in the simulation: the real store, and the ports of the simulated world."""

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from octane.store.store import Store
from simulation.outsiders import SimulatedChannel, SimulatedIssuer
from simulation.tables import FaultyEngine
from simulation.world import World

if TYPE_CHECKING:
    from octane.kernel.clock import Clock
    from octane.kernel.settings import Settings
    from octane.notify.push import Sockets
    from octane.orders.deps import Queues


@dataclass(slots=True)
class CountedSignals:
    seen: Counter[str] = field(default_factory=Counter)

    def count(self, name: str, **_detail: str | int) -> None:
        self.seen[name] += 1


class SimulatedDeps:
    """Implements `octane.orders.deps.Deps` and `octane.notify.push.NotifyDeps`."""

    queues: "Queues"
    sockets: "Sockets"

    def __init__(self, world: World) -> None:
        self.clock: Clock = world.clock
        self.settings: Settings = world.settings
        self.signals = CountedSignals()
        self.store = Store(FaultyEngine(world), world.nonces, world.pause)
        self.channel = SimulatedChannel(world)
        self.issuer = SimulatedIssuer(world)
