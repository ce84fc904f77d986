"""How orders stand in the table, and the writes that move them.

| sort key      | item                                             |
|---------------|--------------------------------------------------|
| `#ORDER`      | the order (indexes: by user, due)                |
| `ATTEMPT#01`  | a payment attempt                                |
| `REFUND#01`   | a refund (index: due)                            |
| `STEP#000003` | what version 3 changed: immutable, the outbox    |

All share the partition `order_id`, so one query reads an order with its attempts and refunds.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType, NoneType, UnionType
from typing import Any, TypeVar, get_args, get_type_hints

from octane.kernel.clock import Instant
from octane.orders.model import (
    Actor,
    Attempt,
    Dossier,
    Order,
    OrderNotFoundError,
    OrderStateError,
    Refund,
    Step,
)
from octane.orders.states import NEXT, AttemptStatus, Event, Queue
from octane.store.items import Item, Key, Query, Table, Value, due_shard
from octane.store.store import Store
from octane.store.writes import (
    Absent,
    ChangedMeanwhileError,
    Condition,
    Is,
    Missing,
    Put,
    Update,
    Write,
    all_of,
)

Record = TypeVar("Record", Order, Attempt, Refund, Step)

_IN_KEY: Mapping[type, frozenset[str]] = MappingProxyType(
    {
        Order: frozenset({"order_id"}),
        Attempt: frozenset({"order_id", "no"}),
        Refund: frozenset({"order_id", "no"}),
        Step: frozenset({"order_id", "no"}),
    }
)


def order_key(order_id: str) -> Key:
    return Key(Table.ORDERS, order_id, "#ORDER")


def attempt_key(order_id: str, no: int) -> Key:
    return Key(Table.ORDERS, order_id, f"ATTEMPT#{no:02d}")


def refund_key(order_id: str, no: int) -> Key:
    return Key(Table.ORDERS, order_id, f"REFUND#{no:02d}")


def step_key(order_id: str, no: int) -> Key:
    return Key(Table.ORDERS, order_id, f"STEP#{no:06d}")


def item_of(record: Order | Attempt | Refund | Step) -> dict[str, Value]:
    """Write a record without what its key says and without what is at its default."""
    item: dict[str, Value] = {}
    in_key, defaults = _IN_KEY[type(record)], record._field_defaults
    for name, value in zip(record._fields, record, strict=True):
        if name in in_key or value is None or (name in defaults and value == defaults[name]):
            continue
        item[name] = value.value if isinstance(value, StrEnum) else value
    if isinstance(record, Order):
        item["placed_key"] = f"{record.placed_at:015d}#{record.order_id}"
    if isinstance(record, Order | Refund) and record.due_at is not None:
        item["due_shard"] = due_shard(record.order_id)
    return item


def record_of(kind: type[Record], item: Item) -> Record:
    """Read a record; attributes that a newer release added are ignored, so that two releases can run at
    once."""
    hints = _hints(kind)
    values: dict[str, Any] = {
        name: read(item[name]) if read else item[name] for name, read in hints.items() if name in item
    }
    values["order_id"] = item["pk"]
    if "no" in hints:
        values["no"] = int(str(item["sk"]).partition("#")[2])
    return kind(**values)


_HINTS: dict[type, dict[str, Any]] = {}


def _hints(kind: type) -> dict[str, Any]:
    """For each field, the enum to read it with, or None."""
    if kind not in _HINTS:
        _HINTS[kind] = {name: _enum_in(hint) for name, hint in get_type_hints(kind).items()}
    return _HINTS[kind]


def _enum_in(hint: Any) -> type[StrEnum] | None:
    parts = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    return next(
        (p for p in parts if p is not NoneType and isinstance(p, type) and issubclass(p, StrEnum)), None
    )


def load(store: Store, order_id: str) -> Dossier:
    """Read an order with its attempts and refunds: one query."""
    return _dossier(store, order_id, "REFUND~")


def load_with_steps(store: Store, order_id: str) -> Dossier:
    """Read everything of an order: one query."""
    return _dossier(store, order_id, "STEP~")


TORN_READS = 3


def _dossier(store: Store, order_id: str, last: str) -> Dossier:
    """Read until it is whole: a query may meet a transaction half way and show the order without the attempt
    (or refund) that came with it, and nobody must act on that."""
    for _ in range(TORN_READS):
        dossier = _read(store, order_id, last)
        order = dossier.order
        if (len(dossier.attempts), len(dossier.refunds)) == (order.attempt_no, order.refund_no):
            return dossier
    raise ChangedMeanwhileError


def _read(store: Store, order_id: str, last: str) -> Dossier:
    items = list(store.scan_pages(Query(Table.ORDERS, order_id, "#", last)))
    if not items or items[0]["sk"] != "#ORDER":
        raise OrderNotFoundError

    def some(kind: type[Record], prefix: str) -> tuple[Record, ...]:
        return tuple(record_of(kind, item) for item in items if str(item["sk"]).startswith(prefix))

    return Dossier(
        record_of(Order, items[0]), some(Attempt, "ATTEMPT#"), some(Refund, "REFUND#"), some(Step, "STEP#")
    )


def advance(
    old: Order,
    new: Order,
    event: Event,
    *,
    at: Instant,
    by: Actor,
    because: str,
    queue: Queue | None = None,
    refund_no: int = 0,
) -> tuple[Order, tuple[Write, ...]]:
    """Return the order one version on, and the writes that move it there, record why, and take along what it
    holds besides money.

    The condition is the old version and state, so a change made meanwhile refuses the whole commit. An event
    that leaves the state as it is (a late payment's refund) is a step too.
    """
    if new.state is not old.state and new.state not in NEXT[old.state]:
        raise OrderStateError(f"An order that is {old.state} cannot become {new.state}.")
    order = new._replace(version=old.version + 1)
    step = Step(
        order_id=old.order_id,
        user_id=old.user_id,
        no=order.version,
        source=old.state,
        target=new.state,
        event=event,
        at=at,
        by=by,
        because=because,
        queue=queue,
        refund_no=refund_no,
    )
    writes: tuple[Write, ...] = (change(old, order), record_step(step))
    if old.coupons or old.biller:
        from octane.orders.holdings import follow  # noqa: PLC0415  loads what only such an order needs

        writes += follow(old, order, at)
    return order, writes


def record_step(step: Step) -> Put:
    return Put(step_key(step.order_id, step.no), item_of(step), when=Absent())


def unchanged(order: Order) -> Condition:
    """The condition that nobody has moved the order since it was read."""
    return all_of(Is("version", order.version), Is("state", order.state.value))


def change(old: Order, new: Order) -> Update:
    """Write what differs between two states of an order, on the condition that the old one still stands."""
    assign, remove = difference(item_of(old), item_of(new))
    return Update(order_key(old.order_id), assign=assign, remove=remove, when=unchanged(old))


def change_attempt(old: Attempt, new: Attempt) -> Update:
    """Write what differs, on the condition of the old status. To end the attempt unpaid, nobody may have
    called the channel again meanwhile: what that call does is not known."""
    assign, remove = difference(item_of(old), item_of(new))
    key = attempt_key(old.order_id, old.no)
    when: Condition = Is("status", old.status.value)
    if new.status in {AttemptStatus.REFUSED, AttemptStatus.CLOSED}:
        uncalled = Missing("called_at") if old.called_at is None else Is("called_at", old.called_at)
        when = all_of(when, uncalled)
    return Update(key, assign=assign, remove=remove, when=when)


def change_refund(old: Refund, new: Refund) -> Update:
    assign, remove = difference(item_of(old), item_of(new))
    key = refund_key(old.order_id, old.no)
    return Update(key, assign=assign, remove=remove, when=Is("status", old.status.value))


def difference(
    old: Mapping[str, Value], new: Mapping[str, Value]
) -> tuple[dict[str, Value], tuple[str, ...]]:
    assign = {name: value for name, value in new.items() if old.get(name) != value or name not in old}
    return assign, tuple(name for name in old if name not in new)
