"""Open WebSocket connections, by person. API Gateway closes one after two hours; the record ends with it."""

from octane.kernel.clock import Instant
from octane.store.items import Item, Key, Query, Table
from octane.store.store import Store
from octane.store.writes import Absent, Delete, Exists, Put, any_of

LIFETIME_SECONDS = 2 * 3600
MOST_CONNECTIONS = 20


def connection_key(user_id: str, connection_id: str) -> Key:
    return Key(Table.IDENTITY, user_id, f"CONNECTION#{connection_id}")


def open_connection(store: Store, user_id: str, connection_id: str, now: Instant) -> None:
    item: Item = {"opened_at": now, "ttl": now // 1000 + LIFETIME_SECONDS}
    store.commit(Put(connection_key(user_id, connection_id), item, when=any_of(Absent(), Exists())))


def close_connection(store: Store, user_id: str, connection_id: str) -> None:
    """Forget a connection; one that is forgotten already stays so."""
    store.commit(Delete(connection_key(user_id, connection_id), when=any_of(Absent(), Exists())))


def connections_of(store: Store, user_id: str) -> list[str]:
    query = Query(Table.IDENTITY, user_id, "CONNECTION#", "CONNECTION~", limit=MOST_CONNECTIONS)
    return [str(item["sk"]).removeprefix("CONNECTION#") for item in store.query(query).items]
