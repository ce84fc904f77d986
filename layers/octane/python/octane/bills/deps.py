"""What the use cases of this room need from outside."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from octane.billers.names import Biller
    from octane.billers.port import BillerPort
    from octane.kernel.clock import Clock
    from octane.kernel.signals import Signals
    from octane.kernel.vault import Vault
    from octane.limits.buckets import Buckets
    from octane.notify.messages import Messenger
    from octane.store.store import Store


class BillDeps(Protocol):
    @property
    def clock(self) -> "Clock": ...
    @property
    def store(self) -> "Store": ...
    @property
    def vault(self) -> "Vault": ...
    @property
    def buckets(self) -> "Buckets": ...
    def biller_of(self, name: "Biller", /) -> "BillerPort":
        """The client of a biller; raises `BillerUnavailableError` for one that is not set up."""
        ...


class ReminderDeps(Protocol):
    @property
    def clock(self) -> "Clock": ...
    @property
    def signals(self) -> "Signals": ...
    @property
    def store(self) -> "Store": ...
    @property
    def messenger(self) -> "Messenger": ...
