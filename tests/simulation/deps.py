"""What the use cases get in the simulation: the real store, and the ports of the simulated world."""

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from octane.channels.port import ChannelName
from octane.routing.router import Router
from octane.store.store import Store
from simulation.alipay import SimulatedAlipay
from simulation.issuer import SimulatedIssuer
from simulation.tables import FaultyEngine
from simulation.unionpay import SimulatedUnionPay
from simulation.wechat import SimulatedWechat
from simulation.world import World

if TYPE_CHECKING:
    from octane.channels.port import Channel
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
        self._world = world
        self.clock: Clock = world.clock
        self.settings: Settings = world.settings
        self.signals = CountedSignals()
        self.store = Store(FaultyEngine(world), world.nonces, world.pause)
        self.issuer = SimulatedIssuer(world)
        self._channels: dict[ChannelName, Channel] = {
            ChannelName.WECHAT: SimulatedWechat(world),
            ChannelName.ALIPAY: SimulatedAlipay(world),
            ChannelName.UNIONPAY: SimulatedUnionPay(world),
        }

    def channel_of(self, name: ChannelName) -> "Channel":
        return self._channels[name]

    @property
    def router(self) -> Router:
        """Of the function instance that the running process has: what one learns, another does not know."""
        process = self._world.scheduler.running
        if process is None:
            raise LookupError("routing outside of any process")
        if process.instance is None:
            idle = self._world.idle[process.kind]
            process.instance = (
                idle.pop() if idle else Router(self.store, self.clock, self.settings.routing_cache_ms)
            )
        router: Router = process.instance
        return router
