"""The billers, each in its own protocol, and which of them are set up (FU2)."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from octane.wiring.base import Base

if TYPE_CHECKING:
    from octane.billers.names import Biller
    from octane.billers.port import BillerClient
    from octane.wire.http import Transport


class Billers(Base):
    """Whom customers pay bills to through us."""

    def biller_of(self, name: "Biller") -> "BillerClient":
        """The client of a biller, built when it is first needed; `BillerUnavailableError` for one that is not
        set up."""
        from octane.wire.http import HttpTransport

        if name not in self._biller_clients:  # a circuit for each, though all may be on one host
            self._biller_clients[name] = self._biller(name, HttpTransport(self.clock))
        return self._biller_clients[name]

    @cached_property
    def billers(self) -> "tuple[Biller, ...]":
        """Those that are set up: they have a key, and there is an address."""
        from octane.billers.config import key_of
        from octane.billers.names import Biller

        return tuple(name for name in Biller if key_of(self._biller_keys, name))

    def _biller(self, name: "Biller", transport: "Transport") -> "BillerClient":
        from octane.billers.client import open_biller
        from octane.billers.config import BillerConfig, BillerUnavailableError, key_of
        from octane.billers.dialect import Line

        key = key_of(self._biller_keys, name)
        if key is None:
            raise BillerUnavailableError(f"{name} is not connected.")
        config = BillerConfig(name, key, self._environment["OCTANE_BILLERS_URL"])
        return open_biller(Line(config, transport, self.clock, self.nonces))

    @cached_property
    def _biller_clients(self) -> "dict[Biller, BillerClient]":
        return {}

    @cached_property
    def _biller_keys(self) -> dict[str, Any]:
        """By biller; none where no address is set up, and then no secret is read."""
        return self._secret("BILLERS") if self._environment.get("OCTANE_BILLERS_URL") else {}
