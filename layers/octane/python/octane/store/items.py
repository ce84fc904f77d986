"""Where things are: tables, keys, items, indexes."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeAlias

Value: TypeAlias = "str | int | bool | bytes | list[Value] | dict[str, Value] | None"
Item: TypeAlias = Mapping[str, Value]
"""What a table holds. Numbers are int: a float never reaches a table."""


class Table(StrEnum):
    ORDERS = "orders"
    LEDGER = "ledger"
    IDENTITY = "identity"
    CHANNELS = "channels"
    ROUTING = "routing"
    RECONCILIATION = "reconciliation"
    RISK = "risk"
    REVIEWS = "reviews"
    AUDIT = "audit"
    BILLS = "bills"
    COUPONS = "coupons"
    STATIONS = "stations"


class Key(NamedTuple):
    table: Table
    pk: str
    sk: str


class Index(NamedTuple):
    """A secondary index: sparse (an item without both attributes is not in it), keys only."""

    name: str
    partition: str
    sort: str


BY_USER = Index("by_user", "user_id", "placed_key")
DUE = Index("due", "due_shard", "due_at")
OPEN = Index("open", "open_shard", "opened_key")
CLAIMS = Index("claims", "claim_shard", "claim_key")
INDEXES: Mapping[Table, tuple[Index, ...]] = {
    Table.ORDERS: (BY_USER, DUE),
    Table.RECONCILIATION: (OPEN,),
    Table.REVIEWS: (OPEN,),
    Table.BILLS: (DUE,),
    Table.COUPONS: (CLAIMS,),
}

DUE_SHARDS = 4


def due_shard(identifier: str) -> str:
    """Spread what is due over a few partitions, the same one for the same identifier."""
    return f"due{sum(identifier.encode()) % DUE_SHARDS}"


@dataclass(frozen=True, slots=True)
class Query:
    """One partition, a range of its sort key, in pages.

    `first` and `last` bound the sort key (inclusive); `after` continues behind a page's cursor.
    On an index the rows hold the keys only.
    """

    table: Table
    partition: str
    first: str | int | None = None
    last: str | int | None = None
    index: Index | None = None
    newest_first: bool = False
    limit: int | None = None
    after: Mapping[str, str | int] | None = None


class Scan(NamedTuple):
    """A whole table, in pages, in an order of its own: for jobs, never for a request."""

    table: Table
    limit: int
    after: Mapping[str, str | int] | None = None


class Page(NamedTuple):
    items: list[Item]
    cursor: Mapping[str, str | int] | None
    """Where the next page starts; None at the end."""
