"""The rules in force as a process knows them: read at most once in some seconds (RK4)."""

from collections.abc import Callable
from typing import Generic, TypeVar

from octane.kernel.clock import SECOND, Clock, Instant
from octane.kernel.errors import UnavailableError
from octane.rulebook.errors import RulesInvalidError, RulesUnknownError
from octane.rulebook.versions import current_key
from octane.store.items import Table
from octane.store.store import Store

CACHE_MS = 5 * SECOND

Rules = TypeVar("Rules")


class RulesReader(Generic[Rules]):
    """Parses and compiles only what is new. Rules that cannot be read leave the ones before in force; as long
    as none were ever read, `rules` raises `RulesUnknownError`: limits must not fail open."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        table: Table,
        default: Callable[[], Rules],
        read: Callable[[str], Rules],
        cache_ms: int = CACHE_MS,
    ) -> None:
        self._store = store
        self._clock = clock
        self._key = current_key(table)
        self._default = default
        self._read = read
        self._cache_ms = cache_ms
        self._known: tuple[str, Rules] | None = None
        self._read_at = Instant(0)

    def rules(self) -> Rules:
        now = self._clock.now()
        if self._known is None or abs(now - self._read_at) >= self._cache_ms:  # a clock may be set back
            self._known = self._refreshed(self._known)
            self._read_at = now
        return self._known[1]

    def _refreshed(self, known: tuple[str, Rules] | None) -> tuple[str, Rules]:
        try:
            found = self._store.batch_get([self._key])
            text = str(found[0]["text"]) if found else ""
            if known is not None and known[0] == text:
                return known
            return text, self._read(text) if text else self._default()
        except (UnavailableError, RulesInvalidError):
            if known is None:
                raise RulesUnknownError from None
            return known
