"""Whatever small sequence of writes: the memory engine and DynamoDB (on moto) answer and hold the same.

The sequences stay where moto is right; the contract suite lists where it is not.
"""

from collections.abc import Iterator
from itertools import count
from typing import Any

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from octane.store.dynamodb import DynamoDbEngine
from octane.store.engine import ConditionFailed, Engine
from octane.store.items import BY_USER, DUE, Index, Item, Key, Query, Table
from octane.store.writes import (
    Absent,
    AtLeast,
    AtMost,
    Check,
    Condition,
    Delete,
    Exists,
    Is,
    Missing,
    OneOf,
    Put,
    Update,
    Write,
    all_of,
    any_of,
)
from world.engines import HandClock
from world.memory_engine import MemoryEngine
from world.tables import create_tables

PARTITIONS = ("P", "Q")
PREFIXES = count(1)

texts = st.sampled_from(["", "a", "b", "é", "油"])
numbers = st.integers(-3, 3)
keys = st.builds(Key, st.just(Table.ORDERS), st.sampled_from(PARTITIONS), st.sampled_from(["A", "AB", "中"]))
attributes: dict[str, st.SearchStrategy[Any]] = {
    "n": numbers,
    "m": numbers,
    "s": texts,
    "nested": st.recursive(numbers | texts, lambda part: st.lists(part, max_size=2), max_leaves=3),
    "user_id": st.sampled_from(PARTITIONS),
    "placed_key": st.sampled_from(["1", "10", "2"]),
    "due_shard": st.sampled_from(PARTITIONS),
    "due_at": st.integers(-1, 20),
}
items = st.fixed_dictionaries({}, optional=attributes)
simple: st.SearchStrategy[Condition] = st.one_of(
    st.just(Absent()),
    st.just(Exists()),
    st.builds(Missing, st.sampled_from(sorted(attributes))),
    st.builds(Is, st.just("n"), numbers),
    st.builds(Is, st.just("s"), texts),
    st.builds(Is, st.just("s"), numbers),
    st.builds(OneOf, st.just("s"), st.lists(texts, min_size=1, max_size=3).map(tuple)),
    st.builds(AtLeast, st.sampled_from(["n", "m"]), numbers),
    st.builds(AtMost, st.sampled_from(["n", "m"]), numbers),
)
conditions: st.SearchStrategy[Condition] = st.recursive(
    simple,
    lambda part: st.lists(part, min_size=1, max_size=3).flatmap(
        lambda parts: st.sampled_from([all_of(*parts), any_of(*parts)])
    ),
    max_leaves=4,
)


@st.composite
def updates(draw: st.DrawFn) -> Update:
    """Each attribute in at most one clause, and never removal alone (which moto takes for a creation)."""
    wanted: Item = draw(items)
    add = {name: draw(numbers) for name in ("n", "m") if name not in wanted and draw(st.booleans())}
    if not wanted and not add:
        add = {"n": 1}
    free = sorted(set(attributes) - set(wanted) - set(add))
    remove = draw(st.lists(st.sampled_from(free), max_size=2, unique=True)) if free else []
    return Update(draw(keys), draw(conditions), wanted, add, tuple(remove))


writes: st.SearchStrategy[Write] = st.one_of(
    st.builds(Put, keys, items, conditions),
    updates(),
    st.builds(Delete, keys, conditions),
    st.builds(Check, keys, conditions),
)
transactions = st.lists(writes, min_size=1, max_size=4, unique_by=lambda write: write.key)
steps = st.lists(writes | transactions, min_size=1, max_size=10)


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with mock_aws():
        yield boto3.session.Session().client("dynamodb", region_name="eu-west-1")


def answered(engine: Engine, step: Write | list[Write]) -> object:
    try:
        if isinstance(step, list):
            engine.transact(step, "")
            return None
        return engine.write(step)
    except ConditionFailed as failure:
        return failure.index


def seen(engine: Engine) -> list[object]:
    """Everything that a reader can see: partitions both ways, the entries of both indexes, single items."""
    found: list[object] = []
    for partition in PARTITIONS:
        found += [engine.query(Query(Table.ORDERS, partition)).items]
        found += [engine.query(Query(Table.ORDERS, partition, newest_first=True)).items]
        found += [entries(engine, partition, index) for index in (BY_USER, DUE)]
        found += [engine.get(Key(Table.ORDERS, partition, sk)) for sk in ("A", "AB", "中")]
    return found


def entries(engine: Engine, partition: str, index: Index) -> list[list[object]]:
    """Rows of an index in its order; rows with equal sort keys have no order of their own."""
    rows = engine.query(Query(Table.ORDERS, partition, index=index)).items
    order: list[object] = [row[index.sort] for row in rows]
    return [order, sorted((sorted(row.items(), key=repr) for row in rows), key=repr)]


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=steps)
def test_same_answers_and_same_tables(client: Any, steps: list[Write | list[Write]]) -> None:
    dynamodb = DynamoDbEngine(client, create_tables(client, f"agree{next(PREFIXES)}-"))
    memory = MemoryEngine(HandClock())
    for step in steps:
        assert answered(memory, step) == answered(dynamodb, step)
    assert seen(memory) == seen(dynamodb)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(steps=steps, more=steps)
def test_rewinding_gives_back_what_was_there(
    steps: list[Write | list[Write]], more: list[Write | list[Write]]
) -> None:
    engine = MemoryEngine(HandClock())
    for step in steps:
        answered(engine, step)
    mark, before, records = engine.mark(), seen(engine), engine.changes(Table.ORDERS)
    first = [answered(engine, step) for step in more]
    engine.rewind(mark)
    assert (seen(engine), engine.changes(Table.ORDERS)) == (before, records)
    assert [answered(engine, step) for step in more] == first


@settings(max_examples=60, deadline=None, derandomize=True)
@given(steps=steps)
def test_the_stream_tells_the_whole_story(steps: list[Write | list[Write]]) -> None:
    engine = MemoryEngine(HandClock())
    for step in steps:
        answered(engine, step)
    replayed: dict[Key, Item | None] = {}
    for change in engine.changes(Table.ORDERS):
        assert replayed.get(change.key) == change.old != change.new
        replayed[change.key] = change.new
    assert sorted(map(repr, filter(None, replayed.values()))) == sorted(map(repr, engine.items(Table.ORDERS)))
