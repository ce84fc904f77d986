"""Read orders: one with its timeline, its receipt, or a person's, newest first (OR9, OR12)."""

from typing import NamedTuple

from octane.audit.reading import note_reading
from octane.kernel.caller import Caller
from octane.kernel.errors import ForbiddenError
from octane.orders.deps import Deps
from octane.orders.model import CONTRADICTED, Dossier, Order, OrderNotFoundError, OrderStateError
from octane.orders.records import load, load_with_steps, order_key, record_of
from octane.orders.states import OrderState
from octane.store.cursors import CursorInvalidError, read_cursor, write_cursor
from octane.store.items import BY_USER, Query, Table

PAGE = 20


class OrderPage(NamedTuple):
    orders: list[Order]
    next_cursor: str | None


def get_order(deps: Deps, caller: Caller, order_id: str) -> Dossier:
    """Return an order with its steps; one that the caller may not read does not exist for them. Reading
    another's is an act (SE3)."""
    dossier = _readable(load_with_steps(deps.store, order_id), caller)
    if dossier.order.user_id != caller.account_id:
        note_reading(deps.store, caller, "read_order", order_id, deps.clock.now())
    return dossier


def readable_order(deps: Deps, caller: Caller, order_id: str) -> Dossier:
    """The same without the steps."""
    return _readable(load(deps.store, order_id), caller)


def own_order(deps: Deps, caller: Caller, order_id: str) -> Dossier:
    """Return the caller's own order, to act on it."""
    dossier = load(deps.store, order_id)
    if dossier.order.user_id != caller.account_id:
        raise OrderNotFoundError
    return dossier


def get_receipt(deps: Deps, caller: Caller, order_id: str) -> Dossier:
    """Return a delivered order, with its steps. Any other has no receipt (`OrderStateError`), nor has one
    whose fulfiller has contradicted itself since."""
    dossier = get_order(deps, caller, order_id)
    order = dossier.order
    if order.state is not OrderState.SUCCEEDED:
        raise OrderStateError(f"An order that is {order.state} has no receipt.")
    if order.issuer_reference.startswith(CONTRADICTED):
        raise OrderStateError("Its delivery is being looked into: there is no receipt now.")
    return dossier


def list_orders(deps: Deps, caller: Caller, user_id: str, limit: int, cursor: str | None) -> OrderPage:
    """List a person's orders, newest first: two AWS calls (keys from the index, then the orders,
    consistent). Listing another's is an act (SE3)."""
    if not caller.may_read(user_id):
        raise ForbiddenError("You may list your own orders only.")
    after = read_cursor(cursor, user_id, BY_USER)
    if after and after["sk"] != "#ORDER":
        raise CursorInvalidError
    if user_id != caller.account_id:
        note_reading(deps.store, caller, "list_orders", user_id, deps.clock.now())
    page = deps.store.query(
        Query(Table.ORDERS, user_id, index=BY_USER, newest_first=True, limit=limit, after=after)
    )
    items = deps.store.batch_get([order_key(str(keys["pk"])) for keys in page.items])
    return OrderPage([record_of(Order, item) for item in items], write_cursor(page.cursor))


def _readable(dossier: Dossier, caller: Caller) -> Dossier:
    if not caller.may_read(dossier.order.user_id):
        raise OrderNotFoundError
    return dossier
