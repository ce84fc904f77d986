"""What the use cases get in the simulation: the real store, and the ports of the simulated world."""

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from octane.billers.names import Biller
from octane.channels.port import ChannelName
from octane.coupons.claims import Claims
from octane.kernel.vault import Field
from octane.risk.defaults import default_rules
from octane.risk.rules import read_rules
from octane.routing.router import Router
from octane.rulebook.reader import RulesReader
from octane.store.items import Table
from octane.store.store import Store
from simulation.alipay import SimulatedAlipay
from simulation.billers import SimulatedBiller
from simulation.issuer import SimulatedIssuer
from simulation.tables import FaultyEngine
from simulation.unionpay import SimulatedUnionPay
from simulation.wechat import SimulatedWechat
from simulation.world import World
from world.objects import MemoryObjects

if TYPE_CHECKING:
    from octane.channels.port import Channel
    from octane.kernel.clock import Clock
    from octane.kernel.settings import Settings
    from octane.notify.push import Sockets
    from octane.orders.deps import Queues
    from octane.reviews.deps import ReviewMachine


@dataclass(slots=True)
class CountedSignals:
    seen: Counter[str] = field(default_factory=Counter)

    def count(self, name: str, **_detail: str | int) -> None:
        self.seen[name] += 1


class NothingSealed:
    """Implements `octane.kernel.vault.Vault` where no value is sealed: cards are older than sealing here, and
    the witness compares their numbers with the issuer's books."""

    def seal(self, field: Field, owner: str, plain: str) -> str:
        raise NotImplementedError

    def open(self, field: Field, owner: str, sealed: str) -> str:
        raise NotImplementedError

    def blind_index(self, field: Field, plain: str) -> str:
        raise NotImplementedError


class SimulatedDeps:
    """Implements `octane.reviews.deps.ReviewDeps` and `octane.notify.push.NotifyDeps`."""

    queues: "Queues"
    sockets: "Sockets"
    review_machine: "ReviewMachine"

    def __init__(self, world: World) -> None:
        self._world = world
        self.clock: Clock = world.clock
        self.settings: Settings = world.settings
        self.signals = CountedSignals()
        self.store = Store(FaultyEngine(world), world.nonces, world.pause)
        self.risk_rules = RulesReader(self.store, world.clock, Table.RISK, default_rules, read_rules)
        self.vault = NothingSealed()
        self.claims = [Claims(self.store, world.clock) for _ in range(2)]
        """As two function instances know the campaigns."""
        self.work = MemoryObjects()
        self.issuer = SimulatedIssuer(world)
        self._channels: dict[ChannelName, Channel] = {
            ChannelName.WECHAT: SimulatedWechat(world),
            ChannelName.ALIPAY: SimulatedAlipay(world),
            ChannelName.UNIONPAY: SimulatedUnionPay(world),
        }

    def channel_of(self, name: ChannelName) -> "Channel":
        return self._channels[name]

    def biller_of(self, biller: Biller) -> SimulatedBiller:
        return SimulatedBiller(self._world, biller)

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
