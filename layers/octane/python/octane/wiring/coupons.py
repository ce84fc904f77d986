"""Campaigns as this process knows them, and the ERP that says how much fuel there is."""

from functools import cached_property
from typing import TYPE_CHECKING

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
    def erp(self) -> "Erp | None":
        """None where no address is set up; then no secret is read."""
        from octane.coupons.erp import ErpConfig, HttpErp, SilentErp

        url = self._environment.get("OCTANE_ERP_URL", "")
        if not url:
            return None
        secret = self._secret("ERP")
        client, key = secret.get("client"), secret.get("key")
        if not client or not key:
            return SilentErp()
        return HttpErp(ErpConfig(client, key, url), self._transport, self.clock)
