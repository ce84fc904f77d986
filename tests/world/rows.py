"""One table's rows in memory, with its sort orders: the table's own and those of its indexes."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Mapping
from heapq import nsmallest
from operator import itemgetter
from typing import TypeAlias

from octane.store.items import INDEXES, Index, Query, Scan, Table
from world.meter import index_row
from world.prepared import MAX_PARTITION, MAX_SORT, Place, validate_key_value
from world.values import KIB, RefusedError, Row

MAX_PAGE = KIB * KIB

Order: TypeAlias = tuple[str, str]
"""The name of an index, or "" for the table, and a partition."""

Entry: TypeAlias = tuple[str | int, str, str]
"""A sort value, pk and sk. Code points order strings as their UTF-8 bytes do."""

Cursor: TypeAlias = Mapping[str, str | int]


class Rows:
    """Not locked: the engine locks around it."""

    def __init__(self, table: Table) -> None:
        self._indexes = INDEXES.get(table, ())
        self._rows: dict[Place, Row] = {}
        self._orders: dict[Order, list[Entry]] = {}

    def get(self, place: Place) -> Row | None:
        return self._rows.get(place)

    def all(self) -> Iterator[Row]:
        for place in sorted(self._rows):
            yield self._rows[place]

    def scanned(self, scan: Scan) -> tuple[list[Row], Cursor | None]:
        """Read up to `limit` rows of the table behind a cursor, in the order of their keys."""
        start = (str(scan.after["pk"]), str(scan.after["sk"])) if scan.after else ("", "")
        found = nsmallest(scan.limit, (place for place in self._rows if place > start))
        rows = [self._rows[place] for place in found]
        if len(rows) < scan.limit:
            return rows, None
        return rows, {"pk": found[-1][0], "sk": found[-1][1]}

    def replace(self, place: Place, row: Row | None) -> None:
        """Store the row, or drop what was there (None), in all orders."""
        gone, come = self._entries(place, self._rows.get(place)), self._entries(place, row)
        for order, entry in gone - come:
            self._orders[order].remove(entry)
        for order, entry in come - gone:
            insort(self._orders.setdefault(order, []), entry)
        if row:
            self._rows[place] = row
        else:
            self._rows.pop(place, None)

    def page(self, query: Query) -> tuple[list[Row], Cursor | None]:
        """Read up to `limit` rows or 1 MB; a page ended by its limit has a cursor even if nothing follows."""
        name = query.index.name if query.index else ""
        entries = self._orders.get((name, query.partition), [])
        low, high = _bounds(entries, query)
        found: list[Row] = []
        size = 0
        for position in range(high - 1, low - 1, -1) if query.newest_first else range(low, high):
            row = self._row(query.index, entries[position])
            size += row.size
            if found and size > MAX_PAGE:
                return found, cursor_of(query, found[-1])
            found.append(row)
            if len(found) == query.limit:
                return found, cursor_of(query, row)
        return found, None

    def _row(self, index: Index | None, entry: Entry) -> Row:
        row = self._rows[entry[1], entry[2]]
        projected = index_row(index, row) if index else None
        return projected or row

    def _entries(self, place: Place, row: Row | None) -> set[tuple[Order, Entry]]:
        if row is None:
            return set()
        entries: set[tuple[Order, Entry]] = {(("", place[0]), (place[1], *place))}
        for index in self._indexes:
            partition, sort = row.item.get(index.partition), row.item.get(index.sort)
            if isinstance(partition, str) and isinstance(sort, str | int):
                entries.add(((index.name, partition), (sort, *place)))
        return entries


def cursor_of(query: Query, row: Row) -> Cursor:
    return {name: value for name in key_names(query) if isinstance(value := row.item[name], str | int)}


def key_names(query: Query) -> tuple[str, ...]:
    return ("pk", "sk", query.index.partition, query.index.sort) if query.index else ("pk", "sk")


def validate_query(query: Query) -> None:
    """Raise `RefusedError` for a query that DynamoDB does not accept."""
    if query.index and query.index not in INDEXES.get(query.table, ()):
        raise RefusedError("the table does not have this index")
    partition, sort = (query.index.partition, query.index.sort) if query.index else ("pk", "sk")
    if query.limit is not None and query.limit < 1:
        raise RefusedError("a page has a limit of 1 or more")
    validate_key_value(partition, query.partition, MAX_PARTITION)
    for bound in (query.first, query.last):
        if bound is not None:
            validate_key_value(sort, bound, MAX_SORT)
    if query.first is not None and query.last is not None and _sorts_after(query.first, query.last):
        raise RefusedError("BETWEEN wants its bounds in order")
    if query.after is not None:
        _validate_start(query, query.after, partition, sort)


def _validate_start(query: Query, after: Cursor, partition: str, sort: str) -> None:
    if set(after) != set(key_names(query)):
        raise RefusedError("the starting key has other attributes than the keys")
    for name, value in after.items():
        validate_key_value(name, value, MAX_PARTITION)
    outside = (
        after[partition] != query.partition
        or (query.first is not None and _sorts_after(query.first, after[sort]))
        or (query.last is not None and _sorts_after(after[sort], query.last))
    )
    if outside:
        raise RefusedError("the starting key is outside the query's boundaries")


def _sorts_after(one: str | int, other: str | int) -> bool:
    match one, other:
        case str(), str():
            return one > other
        case int(), int():
            return one > other
    raise RefusedError("bounds of two types")


def _bounds(entries: list[Entry], query: Query) -> tuple[int, int]:
    by_sort = itemgetter(0)
    low = 0 if query.first is None else bisect_left(entries, query.first, key=by_sort)
    high = len(entries) if query.last is None else bisect_right(entries, query.last, key=by_sort)
    if query.after is None:
        return low, high
    sort = query.after[query.index.sort if query.index else "sk"]
    start: Entry = (sort, str(query.after["pk"]), str(query.after["sk"]))
    if query.newest_first:
        return low, min(high, bisect_left(entries, start))
    return max(low, bisect_right(entries, start)), high
