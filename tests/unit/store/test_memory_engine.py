"""What the memory engine gives beside DynamoDB's calls: streams, marks, and a clock that it obeys."""

from typing import Any

import pytest

from octane.kernel.clock import MINUTE, Instant
from octane.store.engine import ConditionFailed
from octane.store.items import DUE, Key, Query, Table
from octane.store.writes import Absent, Check, Delete, Exists, Put, Update
from world.engines import HandClock
from world.memory_engine import Change, ChangeKind, MemoryEngine
from world.values import RefusedError


def key(sk: str, table: Table = Table.ORDERS) -> Key:
    return Key(table, "P", sk)


def test_the_stream_has_both_images_in_order() -> None:
    clock = HandClock(1_000)
    engine = MemoryEngine(clock)
    engine.transact((Put(key("A"), {"n": 1}, Absent()), Put(key("L", Table.LEDGER), {}, Absent())), "")
    clock.at += 5
    engine.write(Update(key("A"), Exists(), add={"n": 1}))
    engine.write(Delete(key("A"), Exists()))
    one, two = ({"pk": "P", "sk": "A", "n": n} for n in (1, 2))
    records = [
        Change(1, ChangeKind.INSERT, key("A"), None, one, Instant(1_000)),
        Change(2, ChangeKind.MODIFY, key("A"), one, two, Instant(1_005)),
        Change(3, ChangeKind.REMOVE, key("A"), two, None, Instant(1_005)),
    ]
    assert engine.changes(Table.ORDERS) == records
    assert engine.changes(Table.ORDERS, after=1) == records[1:]
    assert engine.changes(Table.ORDERS, after=3) == []
    assert [change.key for change in engine.changes(Table.LEDGER)] == [key("L", Table.LEDGER)]


def test_a_write_that_changes_nothing_makes_no_record() -> None:
    engine = MemoryEngine(HandClock())
    engine.write(Put(key("A"), {"n": 0}, Absent()))
    engine.write(Put(key("A"), {"n": 0}, Exists()))
    engine.write(Update(key("A"), Exists(), add={"n": 0}))
    engine.write(Check(key("A"), Exists()))
    engine.write(Delete(key("B"), Absent()))
    assert len(engine.changes(Table.ORDERS)) == 1
    engine.write(Update(key("A"), Exists(), assign={"n": False}))
    assert len(engine.changes(Table.ORDERS)) == 2


def test_a_failed_write_makes_no_record() -> None:
    engine = MemoryEngine(HandClock())
    with pytest.raises(ConditionFailed):
        engine.transact((Put(key("A"), {}, Absent()), Check(key("B"), Exists())), "")
    assert engine.changes(Table.ORDERS) == []


def test_images_are_copies() -> None:
    engine = MemoryEngine(HandClock())
    engine.write(Put(key("A"), {"parts": [1]}, Absent()))
    image: Any = engine.changes(Table.ORDERS)[0].new
    image["parts"].append(2)
    listed: Any = engine.items(Table.ORDERS)[0]
    listed["parts"].append(3)
    assert engine.get(key("A")) == {"pk": "P", "sk": "A", "parts": [1]}


def test_marks_may_be_nested_and_used_again() -> None:
    engine = MemoryEngine(HandClock())
    engine.write(Put(key("A"), {"due_shard": "d", "due_at": 5}, Absent()))
    outer = engine.mark()
    engine.write(Update(key("A"), Exists(), assign={"due_at": 1}))
    inner = engine.mark()
    for _ in range(2):
        engine.transact((Delete(key("A"), Exists()), Put(key("B"), {}, Absent())), "token")
        engine.rewind(inner)
        assert [row["due_at"] for row in engine.query(Query(Table.ORDERS, "d", index=DUE)).items] == [1]
        assert engine.get(key("B")) is None
    engine.rewind(outer)
    assert [row["due_at"] for row in engine.query(Query(Table.ORDERS, "d", index=DUE)).items] == [5]
    assert len(engine.changes(Table.ORDERS)) == 1


def test_rewinding_gives_back_a_token_that_had_been_replaced() -> None:
    clock = HandClock(1_000)
    engine = MemoryEngine(clock)
    first, second = (Put(key("A"), {}, Absent()),), (Put(key("B"), {}, Absent()),)
    engine.transact(first, "token")
    mark = engine.mark()
    clock.at += 10 * MINUTE
    engine.transact(second, "token")
    engine.rewind(mark)
    clock.at -= 10 * MINUTE
    engine.transact(first, "token")
    with pytest.raises(RefusedError):
        engine.transact(second, "token")


def test_a_replayed_token_remembers_the_writes_as_they_were_sent() -> None:
    engine = MemoryEngine(HandClock())
    parts: list[Any] = [1]
    put = Put(key("A"), {"parts": parts}, Absent())
    engine.transact((put,), "token")
    engine.transact((Put(key("A"), {"parts": [1]}, Absent()),), "token")
    parts[0] = True
    with pytest.raises(RefusedError):
        engine.transact((put,), "token")


def test_a_transaction_over_4_mb_is_refused() -> None:
    engine = MemoryEngine(HandClock())
    with pytest.raises(RefusedError):
        engine.transact(tuple(Put(key(str(n)), {"x": "x" * 400_000}, Absent()) for n in range(11)), "")
    assert engine.items(Table.ORDERS) == []
