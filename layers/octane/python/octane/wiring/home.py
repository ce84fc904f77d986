"""What the first screen needs: parts read side by side, and the map of stations."""

from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from octane.wiring.base import Base

if TYPE_CHECKING:
    from octane.home.home import Parallel
    from octane.home.parts import Neighbourhood

Content = TypeVar("Content")

THREADS = 10
"""Twice what one call uses: one part that hangs leaves the next call room."""


class First(Base):
    """The first screen (GW7)."""

    @cached_property
    def parallel(self) -> "Parallel":
        from concurrent.futures import ThreadPoolExecutor

        pool = ThreadPoolExecutor(THREADS, thread_name_prefix="home")

        def begin(task: Callable[[], Content]) -> Future[Content]:
            return pool.submit(copy_context().run, task)

        return begin

    @cached_property
    def neighbourhood(self) -> "Neighbourhood":
        from octane.stations import cells

        return cells
