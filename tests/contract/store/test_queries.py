"""Queries: order, bounds, pages, and indexes that are sparse and hold keys only."""

from dataclasses import replace
from typing import Any

import pytest

from octane.store.engine import Engine
from octane.store.items import BY_USER, DUE, Item, Query, Scan, Table
from octane.store.writes import Absent, Delete, Exists, Update
from world.engines import MISTAKES, at, put, stored, whole


def walked(engine: Engine, query: Query) -> list[list[Item]]:
    pages = []
    while True:
        page = engine.query(query)
        pages.append(page.items)
        if page.cursor is None:
            return pages
        query = replace(query, after=page.cursor)


def sorts(engine: Engine, query: Query, name: str = "sk") -> list[list[Any]]:
    return [[item[name] for item in page] for page in walked(engine, query)]


def test_a_query_sorts_strings_by_bytes(engine: Engine, pk: str) -> None:
    inputs = ["b", "B", "a", "é", "A#2", "A#10", "中", "😀", "￿", "A"]
    for sk in inputs:
        stored(engine, at(pk, sk))
    stored(engine, at(f"{pk}x", "other"))
    by_bytes = sorted(inputs, key=str.encode)
    assert sorts(engine, Query(Table.ORDERS, pk)) == [by_bytes]
    assert sorts(engine, Query(Table.ORDERS, pk, newest_first=True)) == [by_bytes[::-1]]


def test_a_query_is_bounded_inclusively(engine: Engine, pk: str) -> None:
    for sk in "ABCDE":
        stored(engine, at(pk, sk))
    assert sorts(engine, Query(Table.ORDERS, pk, "B", "D")) == [["B", "C", "D"]]
    assert sorts(engine, Query(Table.ORDERS, pk, first="D")) == [["D", "E"]]
    assert sorts(engine, Query(Table.ORDERS, pk, last="B", newest_first=True)) == [["B", "A"]]
    assert sorts(engine, Query(Table.ORDERS, pk, "X", "Y")) == [[]]
    with pytest.raises(MISTAKES):
        engine.query(Query(Table.ORDERS, pk, "D", "B"))


@pytest.mark.parametrize("newest_first", [False, True])
def test_pages_follow_each_other_both_ways(engine: Engine, pk: str, newest_first: bool) -> None:
    for sk in "ABCDE":
        stored(engine, at(pk, sk))
    expected = list("EDCBA" if newest_first else "ABCDE")
    pages = sorts(engine, Query(Table.ORDERS, pk, newest_first=newest_first, limit=2))
    assert pages == [expected[:2], expected[2:4], expected[4:]]
    bounded = sorts(engine, Query(Table.ORDERS, pk, "B", "D", newest_first=newest_first, limit=2))
    assert [sk for page in bounded for sk in page] == expected[1:4]


def test_a_page_that_ends_by_its_limit_has_a_cursor(engine: Engine, pk: str) -> None:
    for sk in "AB":
        stored(engine, at(pk, sk))
    assert sorts(engine, Query(Table.ORDERS, pk, limit=2)) == [["A", "B"], []]


def test_a_cursor_outlives_its_item(engine: Engine, pk: str) -> None:
    for sk in "ABC":
        stored(engine, at(pk, sk))
    cursor = engine.query(Query(Table.ORDERS, pk, limit=1)).cursor
    assert cursor == {"pk": pk, "sk": "A"}
    engine.write(Delete(at(pk, "A"), Exists()))
    assert sorts(engine, Query(Table.ORDERS, pk, after=cursor)) == [["B", "C"]]


def test_a_page_ends_at_1_mb(engine: Engine, pk: str) -> None:
    for sk in "ABCDE":
        stored(engine, at(pk, sk), text="x" * 400_000)
    assert sorts(engine, Query(Table.ORDERS, pk)) == [["A", "B"], ["C", "D"], ["E"]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"limit": 0},
        {"partition": ""},
        {"first": 5},
        {"index": BY_USER, "table": Table.LEDGER},
        {"after": {"pk": "elsewhere", "sk": "A"}},
        {"after": {"pk": "P"}},
    ],
    ids=repr,
)
def test_a_query_that_makes_no_sense_is_a_mistake(engine: Engine, pk: str, wrong: Any) -> None:
    with pytest.raises(MISTAKES):
        engine.query(Query(**{"table": Table.ORDERS, "partition": pk, **wrong}))


def test_an_index_is_sparse_and_holds_keys_only(engine: Engine, pk: str) -> None:
    stored(engine, at(pk, "in"), user_id=pk, placed_key="2", amount_fen=5)
    stored(engine, at(pk, "half"), user_id=pk)
    stored(engine, at(pk, "other half"), placed_key="1")
    page = engine.query(Query(Table.ORDERS, pk, index=BY_USER))
    assert page.items == [whole(at(pk, "in"), user_id=pk, placed_key="2")]


def test_an_index_follows_its_items(engine: Engine, pk: str) -> None:
    due = Query(Table.ORDERS, pk, index=DUE)
    stored(engine, at(pk, "A"), due_shard=pk, due_at=5)
    stored(engine, at(pk, "B"), n=1)
    assert sorts(engine, due) == [["A"]]
    engine.write(Update(at(pk, "B"), Exists(), assign={"due_shard": pk, "due_at": 1}))
    assert sorts(engine, due) == [["B", "A"]]
    engine.write(Update(at(pk, "A"), Exists(), add={"due_at": -5}))
    assert sorts(engine, due) == [["A", "B"]]
    engine.transact((Update(at(pk, "A"), Exists(), remove=("due_at",)), put(at(pk, "C"))), "")
    assert sorts(engine, due) == [["B"]]
    engine.write(Delete(at(pk, "B"), Exists()))
    assert sorts(engine, due) == [[]]


def test_an_index_sorts_numbers_as_numbers(engine: Engine, pk: str) -> None:
    times = [5, 40, -3, 0, 1_700_000_000_000, 300]
    for number, due_at in enumerate(times):
        stored(engine, at(pk, str(number)), due_shard=pk, due_at=due_at)
    query = Query(Table.ORDERS, pk, index=DUE)
    assert sorts(engine, query, "due_at") == [sorted(times)]
    assert sorts(engine, Query(Table.ORDERS, pk, last=40, index=DUE), "due_at") == [[-3, 0, 5, 40]]
    paged = Query(Table.ORDERS, pk, 0, 300, DUE, newest_first=True, limit=3)
    assert sorts(engine, paged, "due_at") == [[300, 40, 5], [0]]


def test_pages_of_an_index_hold_equal_sort_keys_once(engine: Engine, pk: str) -> None:
    for sk in "ABCDE":
        stored(engine, at(pk, sk), due_shard=pk, due_at=7)
    pages = sorts(engine, Query(Table.ORDERS, pk, index=DUE, limit=2))
    assert sorted(sk for page in pages for sk in page) == list("ABCDE")


@pytest.mark.parametrize(
    "item",
    [{"due_at": "5"}, {"due_at": None}, {"user_id": ""}, {"placed_key": 5}, {"due_shard": True}],
    ids=repr,
)
def test_an_index_key_of_another_type_is_a_mistake(engine: Engine, pk: str, item: Any) -> None:
    with pytest.raises(MISTAKES):
        engine.write(put(at(pk), **item))
    with pytest.raises(MISTAKES):
        engine.write(Update(at(pk), Absent(), assign=item))
    assert engine.get(at(pk)) is None


def test_a_scan_reads_every_item_once(engine: Engine, pk: str) -> None:
    for sk in "ABCDEFG":
        stored(engine, at(pk, sk, Table.REVIEWS))
    found: list[Item] = []
    scan = Scan(Table.REVIEWS, 3)
    while True:
        page = engine.scan(scan)
        assert len(page.items) <= 3
        found += page.items
        if page.cursor is None:
            break
        scan = scan._replace(after=page.cursor)
    assert sorted(str(item["sk"]) for item in found if item["pk"] == pk) == list("ABCDEFG")
