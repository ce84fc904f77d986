"""What the steps of a run need from outside, beyond what orders need."""

from typing import TYPE_CHECKING, Protocol

from octane.funds.port import BankDeps
from octane.orders.deps import Deps

if TYPE_CHECKING:
    from octane.kernel.statement import BillSource
    from octane.reconciliation.model import Source
    from octane.store.objects import Objects
    from octane.wire.manifests import Signer


class RunDeps(Deps, BankDeps, Protocol):
    @property
    def archive(self) -> "Objects": ...
    @property
    def work(self) -> "Objects": ...
    @property
    def manifest_signer(self) -> "Signer": ...

    def bills_of(self, source: "Source") -> "BillSource": ...
