"""What stations need besides their tables: the map, and the prices that are posted."""

from functools import cached_property
from typing import TYPE_CHECKING

from octane.kernel.clock import MINUTE, Instant, later
from octane.wiring.base import Base

if TYPE_CHECKING:
    from octane.stations.ports import DrivingMap
    from octane.stations.posted import PostedPrices

TENCENT_MAPS_URL = "https://apis.map.qq.com"


class Places(Base):
    """Ways by road, and what a litre costs there."""

    _map: "DrivingMap | None" = None
    _map_until: "Instant | None" = None
    """None: for good."""

    @cached_property
    def posted(self) -> "PostedPrices":
        from octane.stations.posted import PostedPrices

        return PostedPrices(self.clock)

    @property
    def driving_map(self) -> "DrivingMap":
        """A secret that cannot be read is asked for again after a minute."""
        if self._map is None or (self._map_until is not None and self.clock.now() >= self._map_until):
            self._map, self._map_until = self._connected_map()
        return self._map

    def _connected_map(self) -> "tuple[DrivingMap, Instant | None]":
        from octane.stations.tencent_maps import SilentMap, TencentMaps, TencentMapsConfig
        from octane.wire.secrets import UNREADABLE

        url = self._environment.get("OCTANE_MAPS_URL") or TENCENT_MAPS_URL
        try:
            secret = self._secret("MAPS")
        except UNREADABLE as error:
            return SilentMap(self.signals, f"SECRET_{type(error).__name__}"), later(self.clock.now(), MINUTE)
        if not (secret.get("key") and secret.get("secret_key")):
            return SilentMap(self.signals), None
        return TencentMaps(TencentMapsConfig.from_secret(secret, url), self._transport, self.signals), None
