"""Degradation switches (OP4): what operations may turn off, within seconds and without a deployment."""

from typing import NamedTuple, Protocol

from octane.kernel.errors import UnavailableError


class MaintenanceError(UnavailableError):
    """Definite: nothing was begun."""

    code = "MAINTENANCE"
    summary = "We are working on the system; orders can be placed again soon. Running orders go on."


class Switches(NamedTuple):
    """All off is the safe default: what cannot be read must not stop the business."""

    maintenance: bool = False
    """No new orders. What is paid is delivered, and what is open can be paid."""
    hide_marketing: bool = False
    """Clients show no coupons, campaigns or recommendations."""
    simple_answers: bool = False
    """Orders are read without their timeline, and clients show simple pages."""


class SwitchBoard(Protocol):
    def read(self) -> Switches:
        """What is in force, at most some seconds old; never raises."""
        ...


def must_be_open(board: SwitchBoard) -> None:
    """Raise `MaintenanceError` while no new orders are taken."""
    if board.read().maintenance:
        raise MaintenanceError
