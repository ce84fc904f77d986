"""Replace the key that seals, and bring all that is sealed under the new one (SE1).

    begin:  a new key seals from now on; the old ones open
    pass:   every item of every table is read; what is not under the new key is written again, each on the
            condition of what was read; after each page the cursor is kept
    end:    a pass that began when nobody could seal under an old key any more found nothing to write: that
            pass is the proof. The old keys' items are deleted.

A run works for some seconds and leaves the rest to the next one; it may die between any two lines. Two runs
at once do no harm: each page is claimed by its version, and what one has written the other finds written.
"""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from octane.kernel.clock import MINUTE, SECOND, Clock, Instant, later
from octane.kernel.signals import Signals
from octane.kernel.vault import Vault
from octane.privacy.fields import TABLES, Renewal, renewal
from octane.privacy.keys import CURRENT, HELD_MS, PARTITION, KeyRing, key_at
from octane.store.items import Item, Key, Query, Scan, Table, Value
from octane.store.store import CommitUnknownError, Store
from octane.store.writes import (
    ANYWAY,
    Absent,
    ChangedMeanwhileError,
    Delete,
    Is,
    Put,
    Update,
    Write,
    all_of,
    any_of,
)

PAGE = 100
TOGETHER = 25
"""Items written in one call: a transaction costs twice the write units and saves 24 round trips."""
SETTLE_MS = HELD_MS + 5 * MINUTE
"""After another key became current: the longest that a process holds the old one, and more than a function
that seals may live."""
ROTATION = Key(Table.IDENTITY, PARTITION, "ROTATION")
DONE, REWRITING = "DONE", "REWRITING"


class RotationDeps(Protocol):
    @property
    def clock(self) -> Clock: ...
    @property
    def signals(self) -> Signals: ...
    @property
    def store(self) -> Store: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def key_ring(self) -> KeyRing: ...


class Rotation(NamedTuple):
    """How far it is: `scanned` and `rewritten` in all its passes."""

    key_id: str
    began_at: Instant
    pass_began_at: Instant
    state: str = REWRITING
    passes: int = 1
    table_no: int = 0
    cursor: Mapping[str, Value] | None = None
    scanned: int = 0
    rewritten: int = 0
    changed: int = 0
    """Items that this pass has written."""
    left: int = 0
    """Items that were not under the new key when this pass met them."""
    closed: int = 0
    """Of them: what could not be opened."""
    version: int = 1


def begin_rotation(deps: RotationDeps) -> Rotation:
    """Let a new key seal; while a rotation is under way, return that one."""
    running = find_rotation(deps.store)
    if running is not None and running.state != DONE:
        return running
    old, _ = deps.key_ring.sealing()
    key_id, kept = deps.key_ring.make()
    now = deps.clock.now()
    rotation = Rotation(key_id, now, now)
    fresh = any_of(Absent(), Is("state", DONE))
    deps.store.commit(
        kept,
        Update(CURRENT, when=Is("key_id", old), assign={"key_id": key_id, "since": now}, add={"version": 1}),
        Put(ROTATION, _item(rotation), when=fresh),
    )
    deps.key_ring.forget()
    return rotation


def continue_rotation(deps: RotationDeps, seconds: int) -> Rotation | None:
    """Work on the rotation that is under way for about so long; return how far it is.

    Another run that works at the same time is left to it. A pass that wrote nothing and does not end the
    rotation ends the run: what it waits for (the settling, a key) takes time.
    """
    rotation, read = find_rotation(deps.store), False
    until = later(deps.clock.now(), seconds * SECOND)
    try:
        while rotation is not None and rotation.state != DONE and deps.clock.now() < until:
            if rotation.table_no < len(TABLES):
                rotation, read = _page(deps, rotation), True
            elif _is_proof(rotation):
                rotation = _finish(deps, rotation)
            elif rotation.changed or not (read or _waits(deps, rotation)):
                rotation = _next_pass(deps, rotation)
            else:
                break
    except ChangedMeanwhileError:
        return find_rotation(deps.store)
    return rotation


def find_rotation(store: Store) -> Rotation | None:
    item = store.get(ROTATION)
    if item is None:
        return None
    known = {name: value for name, value in item.items() if name in Rotation._fields}
    return Rotation(**known)  # type: ignore[arg-type]  # as `_item` wrote it


def old_keys(store: Store, key_id: str) -> frozenset[str]:
    """The ids of all keys but this one."""
    found = store.scan_pages(Query(Table.IDENTITY, PARTITION, "KEY#", "KEY~"))
    return frozenset(str(item["sk"]).removeprefix("KEY#") for item in found) - {key_id}


def _is_proof(rotation: Rotation) -> bool:
    """Whether the pass that is over shows that nothing is left: it met nothing, and began after the last
    moment at which something could come under an old key."""
    return not rotation.left and rotation.pass_began_at >= later(rotation.began_at, SETTLE_MS)


def _waits(deps: RotationDeps, rotation: Rotation) -> bool:
    return not rotation.left and deps.clock.now() < later(rotation.began_at, SETTLE_MS)


def _next_pass(deps: RotationDeps, rotation: Rotation) -> Rotation:
    if rotation.closed:
        deps.signals.count("RotationStuck", closed=rotation.closed)
    again = rotation._replace(
        pass_began_at=deps.clock.now(),
        passes=rotation.passes + 1,
        table_no=0,
        changed=0,
        left=0,
        closed=0,
    )
    return _kept(deps, rotation, again)


def _page(deps: RotationDeps, rotation: Rotation) -> Rotation:
    table = TABLES[rotation.table_no]
    after = None if rotation.cursor is None else {n: str(v) for n, v in rotation.cursor.items()}
    page, old = deps.store.scan(Scan(table, PAGE, after)), old_keys(deps.store, rotation.key_id)
    changes = [(item, renewal(deps.vault, old, table, item)) for item in page.items]
    updates = [_update(table, item, one) for item, one in changes if one.assign or one.remove]
    rewritten = sum(
        _written(deps.store, updates[first : first + TOGETHER]) for first in range(0, len(updates), TOGETHER)
    )
    closed = sum(one.closed for _, one in changes)
    left = sum(bool(one.assign or one.remove or one.closed) for _, one in changes)
    return _kept(
        deps,
        rotation,
        rotation._replace(
            table_no=rotation.table_no + (page.cursor is None),
            cursor=None if page.cursor is None else dict(page.cursor),
            scanned=rotation.scanned + len(page.items),
            rewritten=rotation.rewritten + rewritten,
            changed=rotation.changed + rewritten,
            left=rotation.left + left,
            closed=rotation.closed + closed,
        ),
    )


def _update(table: Table, item: Item, change: Renewal) -> Update:
    """Write an item again, unless what is replaced was changed since it was read."""
    read = [Is(name, item[name]) for name in (*change.assign, *change.remove) if name in item]
    key = Key(table, str(item["pk"]), str(item["sk"]))
    return Update(key, when=all_of(*read), assign=change.assign, remove=change.remove)


def _written(store: Store, updates: list[Update]) -> int:
    """Write a few items in one call; when one of them was changed or deleted meanwhile, each by itself. What
    is not written here the next pass meets again."""
    try:
        store.commit(*updates)
    except (ChangedMeanwhileError, CommitUnknownError):
        return sum(_written(store, [update]) for update in updates) if len(updates) > 1 else 0
    return len(updates)


def _finish(deps: RotationDeps, rotation: Rotation) -> Rotation:
    """Nothing is sealed under the old keys, and nobody can: destroy them."""
    done = rotation._replace(state=DONE, version=rotation.version + 1)
    old = sorted(old_keys(deps.store, rotation.key_id))
    writes: list[Write] = [Delete(key_at(key_id), when=ANYWAY) for key_id in old]
    deps.store.commit(*writes, Put(ROTATION, _item(done), when=Is("version", rotation.version)))
    deps.key_ring.forget()
    return done


def _kept(deps: RotationDeps, old: Rotation, new: Rotation) -> Rotation:
    new = new._replace(version=old.version + 1)
    deps.store.commit(Put(ROTATION, _item(new), when=Is("version", old.version)))
    return new


def _item(rotation: Rotation) -> Item:
    return {name: value for name, value in rotation._asdict().items() if value is not None}
