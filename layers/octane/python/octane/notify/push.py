"""Push order changes to the person's open pages (OP1). Best effort: the order itself is always the truth."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from octane.kernel.signals import Signals
from octane.notify.connections import close_connection, connections_of
from octane.store.store import Store

Message = Mapping[str, str]


class GoneError(Exception):
    """The connection does not exist any more."""


class Sockets(Protocol):
    def post(self, connection_id: str, message: Message) -> None:
        """Send to one connection, or raise `GoneError`, or `TimeoutError` when it could not be sent."""
        ...


class NotifyDeps(Protocol):
    @property
    def store(self) -> Store: ...
    @property
    def sockets(self) -> Sockets: ...
    @property
    def signals(self) -> Signals: ...


@dataclass(frozen=True, slots=True)
class Change:
    """What one person is told."""

    user_id: str
    message: Message


def push(deps: NotifyDeps, changes: Iterable[Change]) -> int:
    """Tell each person; return how many messages were delivered. A connection that is gone is forgotten."""
    delivered = 0
    for change in changes:
        for connection_id in connections_of(deps.store, change.user_id):
            try:
                deps.sockets.post(connection_id, change.message)
                delivered += 1
            except GoneError:
                close_connection(deps.store, change.user_id, connection_id)
            except TimeoutError:
                deps.signals.count("PushLost", user_id=change.user_id)
    return delivered
