"""Campaigns as this process knows them, and the ERP that says how much fuel there is."""

from functools import cached_property
from typing import TYPE_CHECKING

from octane.kernel.settings import required
from octane.wiring.base import Base

if TYPE_CHECKING:
    from octane.coupons.claims import Claims
    from octane.coupons.ports import Erp


class Coupons(Base):
    """Claims and supply."""

    @cached_property
    def claims(self) -> "Claims":
        from octane.coupons.claims import Claims

        return Claims(self.store, self.clock)

    @cached_property
    def erp(self) -> "Erp":
        from octane.coupons.erp import ErpConfig, HttpErp

        secret, url = self._secret("ERP"), required(self._environment, "OCTANE_ERP_URL")
        return HttpErp(ErpConfig(secret["client"], secret["key"], url), self._transport, self.clock)
