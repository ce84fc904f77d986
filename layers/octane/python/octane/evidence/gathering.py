"""What there is of an order or a person: the orders as they stand, entries, acts (SE2)."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from octane.audit.acts import Act
from octane.audit.reading import acts_on
from octane.evidence.requests import Request
from octane.kernel.clock import Instant
from octane.ledger.entries import Entry, entry_of
from octane.orders.model import Attempt, Dossier, Order, Refund, Step
from octane.orders.records import item_of, load_with_steps
from octane.store.items import BY_USER, Query, Table
from octane.store.store import Store

PERSONAL = frozenset({"card_number", "holder_name", "holder_phone", "payer_id", "account_no", "account_tag"})
"""Of an order and its attempts: not needed to prove what happened. The card, or the account, is known by its
id."""
INTERNAL = frozenset({"placed_key", "due_shard", "due_at", "request_digest", "request_key", "checks"})


class Gathered(NamedTuple):
    orders: list[dict[str, Any]]
    entries: list[Entry]
    acts: list[Act]


def gather(store: Store, request: Request) -> Gathered:
    """Read everything that was there when it was asked for; a person's with all of their orders."""
    until = request.requested_at
    orders = [request.subject] if request.kind == "order" else list(_orders_of(store, request.subject))
    subjects = [*orders] if request.kind == "order" else [request.subject, *orders]
    return Gathered(
        orders=[_told(load_with_steps(store, order_id)) for order_id in orders],
        entries=[entry for order_id in orders for entry in _entries(store, order_id, until)],
        acts=[act for subject in subjects for act in acts_on(store, subject, until)],
    )


def _orders_of(store: Store, user_id: str) -> Iterator[str]:
    """Oldest first."""
    for keys in store.scan_pages(Query(Table.ORDERS, user_id, index=BY_USER)):
        yield str(keys["pk"])


def _entries(store: Store, order_id: str, until: Instant) -> list[Entry]:
    items = store.scan_pages(Query(Table.LEDGER, order_id))
    found = [entry_of(item) for item in items if not str(item["sk"]).startswith("#")]
    return sorted((each for each in found if each.booked_at < until), key=lambda each: each.booked_at)


def _told(dossier: Dossier) -> dict[str, Any]:
    """An order with its attempts (transaction ids, notice nonces), refunds and steps."""
    order = dossier.order
    return {
        "order_id": order.order_id,
        **_shown(order),
        "attempts": [
            {"no": each.no, "out_trade_no": each.out_trade_no} | _shown(each) for each in dossier.attempts
        ],
        "refunds": [{"no": each.no, "refund_no": each.refund_no} | _shown(each) for each in dossier.refunds],
        "steps": [{"no": each.no} | _shown(each) for each in dossier.steps],
    }


def _shown(record: Order | Attempt | Refund | Step) -> dict[str, Any]:
    return {name: value for name, value in item_of(record).items() if name not in PERSONAL | INTERNAL}
