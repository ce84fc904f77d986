"""What we ask of the ERP: how much fuel is in the tanks (MK6)."""

from typing import NamedTuple, Protocol

from octane.kernel.clock import Instant

NAME = r"[0-9A-Za-z][0-9A-Za-z#_.-]*"
"""Of a grade or a group."""


class TankStock(NamedTuple):
    """One grade in the tanks of one group of stations."""

    grade: str
    """`92`, `95`, `98`, `0` …"""
    group: str
    litres: int
    threshold: int
    """Litres, below which it is short."""
    measured_at: Instant


class Erp(Protocol):
    def tanks(self) -> tuple[TankStock, ...] | None:
        """All tanks; None: no answer that can be believed. Raises nothing for a network that fails."""
        ...
