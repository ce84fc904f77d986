"""Read orders: one with its timeline, or a person's, newest first (OR12)."""

import base64
import binascii
from typing import NamedTuple

import orjson

from octane.kernel.caller import Caller
from octane.kernel.errors import ForbiddenError, InputError
from octane.orders.deps import Deps
from octane.orders.model import Dossier, Order, OrderNotFoundError
from octane.orders.records import load, load_with_steps, order_key, record_of
from octane.store.items import BY_USER, Query, Table

PAGE = 20


class CursorInvalidError(InputError):
    code = "CURSOR_INVALID"
    summary = "The cursor is not one that a listing returned."


class OrderPage(NamedTuple):
    orders: list[Order]
    next_cursor: str | None


def get_order(deps: Deps, caller: Caller, order_id: str) -> Dossier:
    """Return an order with its steps; one that the caller may not read does not exist for them."""
    return _readable(load_with_steps(deps.store, order_id), caller)


def readable_order(deps: Deps, caller: Caller, order_id: str) -> Dossier:
    """The same without the steps."""
    return _readable(load(deps.store, order_id), caller)


def own_order(deps: Deps, caller: Caller, order_id: str) -> Dossier:
    """Return the caller's own order, to act on it."""
    dossier = load(deps.store, order_id)
    if dossier.order.user_id != caller.user_id:
        raise OrderNotFoundError
    return dossier


def list_orders(deps: Deps, caller: Caller, user_id: str, limit: int, cursor: str | None) -> OrderPage:
    """List a person's orders, newest first: two AWS calls (keys from the index, then the orders,
    consistent)."""
    if not caller.may_read(user_id):
        raise ForbiddenError("You may list your own orders only.")
    after = _read_cursor(cursor, user_id) if cursor else None
    page = deps.store.query(
        Query(Table.ORDERS, user_id, index=BY_USER, newest_first=True, limit=limit, after=after)
    )
    items = deps.store.batch_get([order_key(str(keys["pk"])) for keys in page.items])
    following = base64.urlsafe_b64encode(orjson.dumps(dict(page.cursor))).decode() if page.cursor else None
    return OrderPage([record_of(Order, item) for item in items], following)


def _readable(dossier: Dossier, caller: Caller) -> Dossier:
    if not caller.may_read(dossier.order.user_id):
        raise OrderNotFoundError
    return dossier


def _read_cursor(cursor: str, user_id: str) -> dict[str, str]:
    """Read a cursor back; one of another person's listing, or made by hand, is refused."""
    try:
        found = orjson.loads(base64.urlsafe_b64decode(cursor.encode()))
    except (binascii.Error, ValueError):
        raise CursorInvalidError from None
    names = {"pk", "sk", BY_USER.partition, BY_USER.sort}
    if (
        not isinstance(found, dict)
        or set(found) != names
        or not all(v and isinstance(v, str) for v in found.values())
    ):
        raise CursorInvalidError
    if found[BY_USER.partition] != user_id or found["sk"] != "#ORDER":
        raise CursorInvalidError
    return found
