"""What reviews need besides what orders do."""

from typing import Protocol

from octane.orders.deps import Deps


class ReviewMachine(Protocol):
    """The state machine that leads an order through its review. It decides nothing: what was decided stands
    in the table, and a call that is lost only makes it wait longer."""

    def start(self, order_id: str) -> None:
        """Begin an order's run, once: a second call changes nothing."""
        ...

    def resume(self, token: str) -> None:
        """Let the step go on that waits under the token; one that waits no more is left alone."""
        ...


class ReviewDeps(Deps, Protocol):
    @property
    def review_machine(self) -> ReviewMachine: ...
