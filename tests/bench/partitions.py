"""Which partitions each operation of a top-up writes, and how much: what is everybody's is where it gets hot.

Several people top up, each from an address of their own; a partition that two of them wrote is shared. What
only one person writes spreads by itself.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from bench.costs import TOP_UP
from bench.recording import RecordedShop, recorded_shop
from octane.store.items import DUE, DUE_SHARDS, INDEXES, Index
from world.memory_engine import Change
from world.meter import TRANSACTIONAL, index_row, row_units
from world.values import Row, accept_item

PEOPLE = 4
OPERATION_OF = {function: operation for operation, function in TOP_UP.items()}


class Written(NamedTuple):
    """One partition of a table (`orders`) or of its index (`orders/due`), and what one write took of it."""

    place: str
    partition: str
    units: int


class Share(NamedTuple):
    """What one operation writes to a table or index. `shards`: over how many partitions everybody's writes go
    together; 0: each person has partitions of their own."""

    place: str
    units: float
    shards: int


def shares(directory: Path) -> dict[str, list[Share]]:
    """By operation, the mean of the people's top-ups."""
    people = []
    with recorded_shop(directory) as shop:
        for number in range(PEOPLE):
            people.append(list(_top_up(shop, number)))
    owners: dict[tuple[str, str], set[int]] = defaultdict(set)
    for number, told in enumerate(people):
        for _, one in told:
            owners[one.place, one.partition].add(number)
    found: dict[str, dict[tuple[str, int], float]] = defaultdict(lambda: defaultdict(float))
    for told in people:
        for operation, one in told:
            shared = len(owners[one.place, one.partition]) > 1
            due = one.place.endswith(f"/{DUE.name}")
            key = one.place, DUE_SHARDS if due else int(shared)
            found[operation][key] += one.units / PEOPLE
    return {
        operation: sorted(Share(place, round(units, 2), shards) for (place, shards), units in parts.items())
        for operation, parts in found.items()
    }


def _top_up(shop: RecordedShop, number: int) -> Iterator[tuple[str, Written]]:
    """One whole top-up; each write with its operation."""
    shop.address = f"203.0.113.{number}"
    token = shop.log_in(f"person-{number}", phone=f"1380013{number:04d}")
    card_id = shop.bind_card(token, number=f"1000111100001{number:06d}")
    before = len(shop.journal.invocations)
    out_trade_no = shop.start_paying(token, shop.place(token, card_id))
    shop.world.wechat.post("/cashier/pay", out_trade_no=out_trade_no)
    for _ in ("WeChat Pay's notice", "the issuer's notice"):
        assert shop.deliver().status == 200
        shop.drain()
    for invocation in shop.journal.invocations[before:]:
        is_transaction = bool(invocation.usage.by_call["transact"])
        for one in written(invocation.changes, is_transaction=is_transaction):
            yield OPERATION_OF[invocation.function], one


def written(changes: Iterable[Change], *, is_transaction: bool) -> Iterator[Written]:
    """What these changes took of each partition of tables and indexes."""
    factor = TRANSACTIONAL if is_transaction else 1
    for change in changes:
        before, after = (None if item is None else accept_item(item) for item in (change.old, change.new))
        yield Written(change.key.table.value, change.key.pk, factor * row_units(before, after))
        for index in INDEXES.get(change.key.table, ()):
            yield from _entries(change, index, before, after)


def _entries(change: Change, index: Index, before: Row | None, after: Row | None) -> Iterator[Written]:
    rows = index_row(index, before), index_row(index, after)
    if rows[0] == rows[1]:
        return
    for row in rows:
        if row:
            place = f"{change.key.table.value}/{index.name}"
            yield Written(place, str(row.item[index.partition]), 1)
