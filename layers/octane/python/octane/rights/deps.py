"""What the use cases of this room need from outside."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from octane.kernel.clock import Clock
    from octane.kernel.signals import Signals
    from octane.kernel.vault import Vault
    from octane.store.objects import Objects
    from octane.store.store import Store


class RightsDeps(Protocol):
    @property
    def clock(self) -> "Clock": ...
    @property
    def signals(self) -> "Signals": ...
    @property
    def store(self) -> "Store": ...
    @property
    def vault(self) -> "Vault": ...
    @property
    def work(self) -> "Objects": ...
