"""What stations need besides their tables: the map, and the prices that are posted."""

from functools import cached_property
from typing import TYPE_CHECKING

from octane.wiring.base import Base

if TYPE_CHECKING:
    from octane.stations.ports import DrivingMap
    from octane.stations.posted import PostedPrices

TENCENT_MAPS_URL = "https://apis.map.qq.com"


class Places(Base):
    """Ways by road, and what a litre costs there."""

    @cached_property
    def posted(self) -> "PostedPrices":
        from octane.stations.posted import PostedPrices

        return PostedPrices(self.clock)

    @cached_property
    def driving_map(self) -> "DrivingMap":
        from octane.stations.tencent_maps import SilentMap, TencentMaps, TencentMapsConfig
        from octane.wire.secrets import UNREADABLE

        url = self._environment.get("OCTANE_MAPS_URL") or TENCENT_MAPS_URL
        try:
            secret = self._secret("MAPS")
        except UNREADABLE as error:
            return SilentMap(self.signals, f"SECRET_{type(error).__name__}")
        if not (secret.get("key") and secret.get("secret_key")):
            return SilentMap(self.signals)
        return TencentMaps(TencentMapsConfig.from_secret(secret, url), self._transport, self.signals)
