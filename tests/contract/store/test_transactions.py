"""Transactions: all or none, which write failed, and once per token."""

import pytest

from octane.kernel.clock import MINUTE
from octane.store.engine import ConditionFailed, Conflict, Engine, Throttled
from octane.store.items import Query, Table
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
    Update,
    Write,
)
from world.engines import MISTAKES, SERIAL, CountedNonces, HandClock, at, put, stored, whole
from world.memory_engine import MemoryEngine


def test_a_transaction_reaches_over_tables(engine: Engine, pk: str) -> None:
    stored(engine, at(pk, "gone"), a=1)
    stored(engine, at(pk, "seen", Table.IDENTITY), a=1)
    engine.transact(
        (
            put(at(pk, "new", Table.LEDGER), fen=5),
            Update(at(pk, "sum", Table.CHANNELS), Missing("fen"), add={"fen": 5}),
            Delete(at(pk, "gone"), Is("a", 1)),
            Check(at(pk, "seen", Table.IDENTITY), Exists()),
        ),
        "",
    )
    assert engine.get(at(pk, "new", Table.LEDGER)) == whole(at(pk, "new"), fen=5)
    assert engine.get(at(pk, "sum", Table.CHANNELS)) == whole(at(pk, "sum"), fen=5)
    assert engine.get(at(pk, "gone")) is None


@pytest.mark.parametrize("failing", range(4))
def test_a_transaction_writes_nothing_and_names_the_write_that_failed(
    engine: Engine, pk: str, failing: int
) -> None:
    keys = [at(pk, sk) for sk in "ABCD"]
    for key in keys[1:]:
        stored(engine, key, n=1)
    conditions: list[Condition] = [Absent(), AtMost("n", 1), Exists(), Is("n", 1)]
    conditions[failing] = Is("n", 2)
    first, second, third, fourth = conditions
    with pytest.raises(ConditionFailed) as caught:
        engine.transact(
            (put(keys[0], first, n=1), Update(keys[1], second, add={"n": 1}), Delete(keys[2], third),
             Check(keys[3], fourth)),
            "",
        )  # fmt: skip
    assert caught.value.index == failing
    assert engine.batch_get(keys) == [whole(key, n=1) for key in keys[1:]]


def test_the_first_of_several_failed_writes_is_named(engine: Engine, pk: str) -> None:
    with pytest.raises(ConditionFailed) as caught:
        engine.transact((put(at(pk, "A")), Check(at(pk, "B"), Exists()), Check(at(pk, "C"), Exists())), "")
    assert caught.value.index == 1


def test_conditions_see_the_items_before_the_transaction(engine: Engine, pk: str) -> None:
    stored(engine, at(pk), stock=1)
    claim = Update(at(pk), AtLeast("stock", 1), add={"stock": -1})
    engine.transact((claim, put(at(pk, "first"))), "")
    with pytest.raises(ConditionFailed) as caught:
        engine.transact((put(at(pk, "second")), claim), "")
    assert caught.value.index == 1
    assert engine.get(at(pk, "second")) is None


def test_a_transaction_takes_1_to_100_writes_each_of_another_item(engine: Engine, pk: str) -> None:
    writes: list[Write] = [put(at(pk, f"{n:03}")) for n in range(101)]
    engine.transact(tuple(writes[:100]), "")
    for wrong in ((), tuple(put(at(f"{pk}b", f"{n:03}")) for n in range(101)), (put(at(f"{pk}b")),) * 2):
        with pytest.raises(MISTAKES):
            engine.transact(wrong, "")
    assert engine.query(Query(Table.ORDERS, f"{pk}b")).items == []


def test_a_token_makes_a_transaction_happen_once(engine: Engine, pk: str) -> None:
    token = CountedNonces().token()
    writes = (Update(at(pk), Missing("closed"), add={"n": 1}), put(at(pk, "B")))
    engine.transact(writes, token)
    engine.transact(writes, token)
    assert engine.get(at(pk)) == whole(at(pk), n=1)
    with pytest.raises(ConditionFailed):
        engine.transact(writes, CountedNonces().token())


def test_a_token_with_other_writes_is_a_mistake(engine: Engine, pk: str) -> None:
    token = CountedNonces().token()
    engine.transact((put(at(pk, "A")), put(at(pk, "B"))), token)
    with pytest.raises(MISTAKES):
        engine.transact((put(at(pk, "A")), put(at(pk, "B"), n=1)), token)


def test_a_token_that_failed_may_be_used_again(engine: Engine, pk: str) -> None:
    token = CountedNonces().token()
    writes = (put(at(pk, "A")), Check(at(pk, "B"), Exists()))
    with pytest.raises(ConditionFailed):
        engine.transact(writes, token)
    stored(engine, at(pk, "B"))
    engine.transact(writes, token)
    assert engine.get(at(pk, "A")) is not None


def test_a_token_is_at_most_36_characters(engine: Engine, pk: str) -> None:
    engine.transact((put(at(pk, "A")), put(at(pk, "B"))), f"{next(SERIAL):036}")
    with pytest.raises(MISTAKES):
        engine.transact((put(at(pk, "C")), put(at(pk, "D"))), f"{next(SERIAL):037}")


def test_a_token_is_forgotten_after_10_minutes(pk: str) -> None:
    """Only where the clock can be moved."""
    clock = HandClock()
    engine = MemoryEngine(clock)
    writes = (Update(at(pk), Missing("closed"), add={"n": 1}),)
    engine.transact(writes, "t")
    clock.at += 10 * MINUTE - 1
    engine.transact(writes, "t")
    clock.at += 1
    engine.transact(writes, "t")
    assert engine.get(at(pk)) == whole(at(pk), n=2)


def test_of_two_rivals_one_wins(engine: Engine, pk: str) -> None:
    """Both saw version 1; the second is told by his condition or by a conflict."""
    stored(engine, at(pk), version=1)

    def advance(state: str) -> tuple[Write, ...]:
        move = Update(at(pk), Is("version", 1), assign={"state": state}, add={"version": 1})
        return move, put(at(pk, f"entry {state}"))

    engine.transact(advance("PAYING"), "")
    with pytest.raises((ConditionFailed, Conflict, Throttled)):
        engine.transact(advance("CLOSED"), "")
    assert engine.get(at(pk)) == whole(at(pk), version=2, state="PAYING")
    assert engine.get(at(pk, "entry CLOSED")) is None
