"""Read what was done to an account, an order, a set of rules (SE2). Whoever reads, leaves an act too."""

from typing import NamedTuple, Protocol

from octane.audit.acts import Act, act_in, act_of, record
from octane.kernel.caller import READS_AUDIT, Caller
from octane.kernel.clock import Clock, Instant
from octane.kernel.errors import InputError
from octane.store.cursors import read_cursor, write_cursor
from octane.store.items import Query, Table
from octane.store.store import Store

PAGE = 50
FOREVER = Instant(10**15 - 1)


class AuditDeps(Protocol):
    @property
    def clock(self) -> Clock: ...
    @property
    def store(self) -> Store: ...


class Window(NamedTuple):
    """From an instant on, up to before another."""

    since: Instant = Instant(0)
    until: Instant = FOREVER


class ActPage(NamedTuple):
    acts: list[Act]
    next_cursor: str | None


def list_acts(
    deps: AuditDeps,
    caller: Caller,
    subject: str,
    window: Window,
    limit: int = PAGE,
    cursor: str | None = None,
) -> ActPage:
    """The acts on a subject within a window, newest first. Two AWS calls: the act of reading is written
    first, so nobody reads unseen."""
    caller.must_have(READS_AUDIT)
    if window.since >= window.until:
        raise InputError("`since` must be before `until`.")
    first, last = f"{window.since:018d}#", f"{window.until:018d}"
    after = read_cursor(cursor, subject, first=first, last=last)
    note_reading(deps.store, caller, "read_acts", subject, deps.clock.now())
    query = Query(Table.AUDIT, subject, first=first, last=last, newest_first=True, limit=limit, after=after)
    page = deps.store.query(query)
    return ActPage([act_in(item) for item in page.items], write_cursor(page.cursor))


def note_reading(store: Store, caller: Caller, action: str, subject: str, now: Instant) -> None:
    """Write that somebody reads what is not their own, before they see it (SE3). One AWS call."""
    store.commit(record(act_of(caller, action, subject, store.nonces.token(), now)))


def acts_on(store: Store, subject: str, until: Instant) -> list[Act]:
    """Every act on a subject up to before an instant, oldest first."""
    query = Query(Table.AUDIT, subject, first="0", last=f"{until:018d}")
    return [act_in(item) for item in store.scan_pages(query)]
