"""What the use cases of orders need from outside; the wiring room provides it, tests provide their own."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from octane.billers.names import Biller
    from octane.billers.port import BillerPort
    from octane.channels.port import Channel, ChannelName
    from octane.issuers.port import CardIssuer
    from octane.kernel.clock import Clock
    from octane.kernel.settings import Settings
    from octane.kernel.signals import Signals
    from octane.kernel.vault import Vault
    from octane.orders.states import Queue
    from octane.risk.rules import RuleSet
    from octane.routing.router import Router
    from octane.rulebook.reader import RulesReader
    from octane.store.store import Store


class Queues(Protocol):
    """SQS standard queues: messages come at least once, late and in any order."""

    def send(self, queue: "Queue", messages: list[dict[str, str | int]]) -> None:
        """Hand over all messages, or raise so that the caller is tried again."""
        ...


class Deps(Protocol):
    @property
    def clock(self) -> "Clock": ...
    @property
    def settings(self) -> "Settings": ...
    @property
    def signals(self) -> "Signals": ...
    @property
    def store(self) -> "Store": ...
    @property
    def router(self) -> "Router": ...
    @property
    def risk_rules(self) -> "RulesReader[RuleSet]": ...
    @property
    def issuer(self) -> "CardIssuer": ...
    @property
    def queues(self) -> Queues: ...
    @property
    def vault(self) -> "Vault": ...

    def channel_of(self, name: "ChannelName") -> "Channel": ...
    def biller_of(self, name: "Biller") -> "BillerPort": ...
