"""What the use cases of this room need from outside."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from octane.coupons.claims import Claims
    from octane.coupons.ports import Erp
    from octane.kernel.clock import Clock
    from octane.kernel.ids import Nonces
    from octane.kernel.signals import Signals
    from octane.limits.buckets import Buckets
    from octane.store.store import Store


class CouponDeps(Protocol):
    @property
    def clock(self) -> "Clock": ...
    @property
    def store(self) -> "Store": ...


class CodeDeps(CouponDeps, Protocol):
    @property
    def nonces(self) -> "Nonces": ...
    @property
    def buckets(self) -> "Buckets": ...
    @property
    def claims(self) -> "Claims": ...


class SupplyDeps(CouponDeps, Protocol):
    @property
    def erp(self) -> "Erp | None":
        """None: none is set up."""

    @property
    def signals(self) -> "Signals": ...
