"""The real adapters behind the ports: the only room that knows both sides.

Each part is built at its first use, so that a function pays for what it uses only; each is kept for the life
of the process. Imports of adapters are inside the properties for the same reason.
"""

import os

from octane.wiring.base import pause
from octane.wiring.cloud import Cloud
from octane.wiring.coupons import Coupons
from octane.wiring.home import First
from octane.wiring.people import People
from octane.wiring.places import Places
from octane.wiring.prices import Prices

__all__ = ["Wiring", "deps", "pause", "use"]


class Wiring(Places, First, Prices, Coupons, People, Cloud):
    """All that the use cases need, from the environment of one function."""


class _Process:
    wiring: Wiring | None = None


def deps() -> Wiring:
    """The wiring of this process, made at the first call."""
    if _Process.wiring is None:
        _Process.wiring = Wiring(os.environ)
    return _Process.wiring


def use(wiring: Wiring | None) -> None:
    """Put another wiring in place, or none: a process that plays several functions does this."""
    _Process.wiring = wiring
