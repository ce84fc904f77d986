"""Capacity units as DynamoDB bills them, worked out by hand."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from octane.store.engine import ConditionFailed
from octane.store.items import BY_USER, Item, Key, Query, Table
from octane.store.writes import Absent, AtLeast, Check, Delete, Exists, Is, Put, Update
from world.engines import HandClock
from world.memory_engine import MemoryEngine
from world.meter import UNNAMED, Meter, Usage
from world.values import accept_item


@pytest.fixture
def meter() -> Meter:
    return Meter()


@pytest.fixture
def engine(meter: Meter) -> MemoryEngine:
    return MemoryEngine(HandClock(), meter)


def key(sk: str, table: Table = Table.LEDGER) -> Key:
    return Key(table, "P", sk)


def kib(number: int) -> Item:
    """An item of that many KiB exactly, its keys (P, one letter) included."""
    return {"x": "x" * (number * 1024 - len("pkPskAx"))}


def used(meter: Meter, name: str) -> tuple[int, float, int]:
    usage = meter.totals[name]
    return usage.calls, usage.read_units, usage.write_units


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ("", 0), ("abc", 3), ("油", 3), (0, 1), (5, 2), (12, 2), (123, 3), (1_000, 2), (-5, 3),
        (10**37, 2), (10**38 - 1, 20), (True, 1), (None, 1), (b"abc", 3), ([], 3), ({}, 3), ([1, "ab"], 9),
        ({"k": "ab"}, 7),
    ],
    ids=repr,
)  # fmt: skip
def test_size_of_a_value(value: Any, size: int) -> None:
    assert accept_item({"名": value}).size == 3 + size


@pytest.mark.parametrize(("number", "units"), [(1, 1), (2, 2), (300, 300)])
def test_a_write_costs_a_unit_for_each_started_kb(
    engine: MemoryEngine, meter: Meter, number: int, units: int
) -> None:
    with meter.operation("exact"):
        engine.write(Put(key("A"), kib(number), Absent()))
    with meter.operation("one byte more"):
        engine.write(Put(key("B"), {**kib(number), "y": ""}, Absent()))
    with meter.operation("together"):
        engine.transact((Put(key("C"), kib(number), Absent()), Put(key("D"), kib(number), Absent())), "")
    assert used(meter, "exact") == (1, 0, units)
    assert used(meter, "one byte more") == (1, 0, units + 1)
    assert used(meter, "together") == (1, 0, 2 * 2 * units)


def test_an_update_costs_by_the_larger_image_and_a_delete_by_the_item(
    engine: MemoryEngine, meter: Meter
) -> None:
    engine.write(Put(key("A"), kib(3), Absent()))
    with meter.operation("shrink"):
        engine.write(Update(key("A"), Exists(), assign=kib(1)))
    with meter.operation("grow"):
        engine.write(Update(key("A"), Exists(), assign=kib(5)))
    with meter.operation("replace"):
        engine.write(Put(key("A"), {}, Exists()))
    with meter.operation("delete"):
        engine.write(Put(key("A"), kib(4), Exists()))
        engine.write(Delete(key("A"), Exists()))
        engine.write(Delete(key("A"), Absent()))
    assert used(meter, "shrink") == (1, 0, 3)
    assert used(meter, "grow") == (1, 0, 5)
    assert used(meter, "replace") == (1, 0, 5)
    assert used(meter, "delete") == (3, 0, 4 + 4 + 1)


def test_a_failed_condition_costs_as_if_it_had_held(engine: MemoryEngine, meter: Meter) -> None:
    engine.write(Put(key("A"), kib(3), Absent()))
    with meter.operation("put"), pytest.raises(ConditionFailed):
        engine.write(Put(key("A"), kib(2), Absent()))
    with meter.operation("update"), pytest.raises(ConditionFailed):
        engine.write(Update(key("A"), Is("n", 1), assign=kib(4)))
    with meter.operation("nothing there"), pytest.raises(ConditionFailed):
        engine.write(Delete(key("B"), Exists()))
    with meter.operation("transaction"), pytest.raises(ConditionFailed):
        engine.transact((Put(key("B"), kib(2), Absent()), Check(key("A"), AtLeast("n", 1))), "")
    assert used(meter, "put") == (1, 0, 3)
    assert used(meter, "update") == (1, 0, 4)
    assert used(meter, "nothing there") == (1, 0, 1)
    assert used(meter, "transaction") == (1, 0, 2 * (2 + 3))


def test_a_check_is_a_transactional_write(engine: MemoryEngine, meter: Meter) -> None:
    with meter.operation("check"):
        engine.write(Check(key("A"), Absent()))
        engine.transact((Check(key("A"), Absent()), Put(key("B"), {}, Absent())), "")
    assert used(meter, "check") == (2, 0, 2 + 4)


def test_a_replayed_token_costs_transactional_reads(engine: MemoryEngine, meter: Meter) -> None:
    puts = (Put(key("A"), kib(5), Absent()), Put(key("B"), {}, Absent()))
    engine.transact(puts, "token")
    with meter.operation("replay"):
        engine.transact(puts, "token")
    assert used(meter, "replay") == (1, 2 * (2 + 1), 0)


def test_an_index_costs_when_its_entry_changes(engine: MemoryEngine, meter: Meter) -> None:
    order = key("A", Table.ORDERS)
    steps: dict[str, Any] = {
        "not in it": Put(order, {"user_id": "U", "n": 1}, Absent()),
        "comes": Update(order, Exists(), assign={"placed_key": "1"}),
        "stays": Update(order, Exists(), add={"n": 1}),
        "moves": Update(order, Exists(), assign={"placed_key": "2"}),
        "goes": Update(order, Exists(), remove=("placed_key",)),
        "both": Update(order, Exists(), assign={"placed_key": "3", "due_shard": "d", "due_at": 1}),
        "deleted": Delete(order, Exists()),
    }
    for name, write in steps.items():
        with meter.operation(name):
            engine.write(write)
    costs = {name: meter.totals[name].write_units for name in steps}
    assert costs == {
        "not in it": 1, "comes": 2, "stays": 1, "moves": 3, "goes": 2, "both": 3, "deleted": 3
    }  # fmt: skip


def test_a_transaction_doubles_the_rows_not_their_index_entries(engine: MemoryEngine, meter: Meter) -> None:
    order: Item = {"user_id": "U", "placed_key": "1", "due_shard": "d", "due_at": 1}
    with meter.operation("place_order"):
        engine.transact((Put(key("A", Table.ORDERS), order, Absent()), Put(key("B"), {}, Absent())), "")
    assert used(meter, "place_order") == (1, 0, 2 + 2 + 1 + 1)


def test_a_read_costs_a_unit_for_each_started_4_kb(engine: MemoryEngine, meter: Meter) -> None:
    engine.write(Put(key("A"), kib(4), Absent()))
    engine.write(Put(key("B"), kib(5), Absent()))
    with meter.operation("get"):
        engine.get(key("A"))
        engine.get(key("B"))
        engine.get(key("missing"))
    with meter.operation("batch"):
        engine.batch_get([key("A"), key("B"), key("missing")])
    with meter.operation("query"):
        engine.query(Query(Table.LEDGER, "P"))
        engine.query(Query(Table.LEDGER, "empty"))
    assert used(meter, "get") == (3, 1 + 2 + 1, 0)
    assert used(meter, "batch") == (1, 1 + 2 + 1, 0)
    assert used(meter, "query") == (2, 3 + 1, 0)


def test_an_index_is_read_eventually_and_by_its_own_rows(engine: MemoryEngine, meter: Meter) -> None:
    for sk in "ABCDE":
        item = {**kib(8), "user_id": "U", "placed_key": sk}
        engine.write(Put(key(sk, Table.ORDERS), item, Absent()))
    with meter.operation("list_orders"):
        engine.query(Query(Table.ORDERS, "U", index=BY_USER))
    assert used(meter, "list_orders") == (1, 0.5, 0)


def test_operations_nest_and_are_told_apart_by_thread(engine: MemoryEngine, meter: Meter) -> None:
    def run(number: int) -> None:
        with meter.operation(f"operation {number % 2}"):
            engine.get(key("A"))

    with meter.operation("outer") as outer, ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(20)))
        with meter.operation("inner"):
            engine.get(key("A"))
        engine.get(key("A"))
    engine.get(key("A"))
    assert {name: usage.calls for name, usage in meter.totals.items()} == {
        "outer": 1, "inner": 1, "operation 0": 10, "operation 1": 10, UNNAMED: 1
    }  # fmt: skip
    assert outer == Usage(1, 1, 0, outer.by_call)
    assert outer.by_call == {"get": 1}
    meter.reset()
    assert meter.totals == {}
