"""What the store may rely on, the same for every engine: memory, DynamoDB by moto, DynamoDB on the embedded AWS.

Where a stand-in for AWS differs from DynamoDB, GAPS says how; the memory engine has no entry there. An expected
failure is strict, so an upgrade that closes a gap turns the suite red until the entry goes.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError
from moto import mock_aws

from octane.kernel.clock import MINUTE, Instant
from octane.kernel.errors import StateError
from octane.store.dynamodb import DynamoDbEngine
from octane.store.engine import ConditionFailed, Conflict, Engine, Throttled
from octane.store.items import BY_USER, DUE, Item, Key, Query, Table
from octane.store.store import Store, StoreUnavailableError
from octane.store.writes import (
    Absent,
    AllOf,
    AnyOf,
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
from world.embedded import embedded_aws
from world.memory_engine import MemoryEngine
from world.tables import create_tables
from world.values import RefusedError

MISTAKES = (RefusedError, ClientError, ParamValidationError, TypeError)
"""How an engine says that the program is wrong: never one of the failures that the store tries again."""

GAPS: dict[str, dict[str, str]] = {
    "moto": {
        "test_condition[moto-Is(attribute='flag', value=1)": "takes 1 for true",
        "test_condition[moto-Is(attribute='nothing', value=None)": "takes a missing attribute for null",
        "test_condition[moto-AtMost(attribute='state'": "raises when text is compared with a number",
        "test_condition[moto-AtLeast(attribute='state'": "raises when text is compared with a number",
        "test_condition_that_is_no_expression_is_a_mistake[moto-OneOf": "raises its parser's own error",
        "test_condition_that_is_no_expression_is_a_mistake[moto-A": "raises its parser's own error, or orders a BOOL",
        "test_a_value_that_no_table_holds_is_a_mistake[moto-int": "keeps a number of any length",
        "test_update_that_only_removes_makes_no_item": "makes the item",
        "test_update_that_makes_no_sense_is_a_mistake[moto-{}]": "raises its parser's own error",
        "test_a_token_makes_a_transaction_happen_once": "knows no request tokens",
        "test_a_token_with_other_writes_is_a_mistake": "knows no request tokens",
        "test_a_token_is_at_most_36_characters": "knows no request tokens",
        "test_a_query_is_bounded_inclusively": "accepts BETWEEN with its bounds in the wrong order",
        "test_a_page_that_ends_by_its_limit_has_a_cursor": "looks ahead and gives no cursor",
        "test_a_query_that_makes_no_sense_is_a_mistake[moto-{'first'": "accepts a bound of another type",
        "test_a_query_that_makes_no_sense_is_a_mistake[moto-{'after'": "accepts any starting key",
        "test_an_index_key_of_another_type_is_a_mistake": "checks index keys in no update",
        "test_batch_get_takes_100_keys_each_once": "accepts an empty key",
    },
    "embedded": {
        "test_condition_that_is_no_expression_is_a_mistake[embedded-AtLeast": "orders a BOOL",
        "test_update_that_only_removes_makes_no_item": "makes the item",
        "test_add_reaches_big_numbers_exactly": "adds with 28 digits",
        "test_update_that_makes_no_sense_is_a_mistake[embedded-{'assign'": "changes a key; lets paths overlap",
        "test_update_that_makes_no_sense_is_a_mistake[embedded-{'remove'": "drops a key; lets paths overlap",
    },
}
"""How a stand-in differs from DynamoDB, by the beginning of a test's name."""

NAMES = count(1)


class HandClock:
    def __init__(self) -> None:
        self.at = 1_700_000_000_000

    def now(self) -> Instant:
        return Instant(self.at)


class CountedNonces:
    def token(self) -> str:
        return f"{next(NAMES):032x}"


@contextmanager
def memory() -> Iterator[Engine]:
    yield MemoryEngine(HandClock())


@contextmanager
def moto() -> Iterator[Engine]:
    with mock_aws():
        yield on_dynamodb(None)


@contextmanager
def embedded() -> Iterator[Engine]:
    with embedded_aws() as endpoint:
        yield on_dynamodb(endpoint)


def on_dynamodb(endpoint: str | None) -> Engine:
    client: Any = boto3.session.Session().client(
        "dynamodb",
        region_name="eu-west-1",
        endpoint_url=endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, max_pool_connections=32),
    )
    return DynamoDbEngine(client, create_tables(client, f"contract-{CountedNonces().token()}-"))


@pytest.fixture(scope="module", params=[memory, moto, embedded], ids=lambda kind: str(kind.__name__))
def kind(request: pytest.FixtureRequest) -> Iterator[tuple[str, Engine]]:
    make = request.param
    with make() as engine:
        yield make.__name__, engine


@pytest.fixture
def engine(kind: tuple[str, Engine], request: pytest.FixtureRequest) -> Engine:
    name, engine = kind
    gap = next((why for start, why in GAPS.get(name, {}).items() if request.node.name.startswith(start)), None)
    if gap:
        request.applymarker(pytest.mark.xfail(reason=gap, strict=True))
    return engine


@pytest.fixture
def pk() -> str:
    """A partition that no other test has seen: the tables live as long as the suite."""
    return f"P{next(NAMES)}"


def at(pk: str, sk: str = "A", table: Table = Table.ORDERS) -> Key:
    return Key(table, pk, sk)


def put(key: Key, when: Condition | None = None, **item: Any) -> Put:
    return Put(key, item, when or Absent())


def stored(engine: Engine, key: Key, **item: Any) -> None:
    assert engine.write(put(key, **item)) is None


def whole(key: Key, **item: Any) -> Item:
    return {"pk": key.pk, "sk": key.sk, **item}


def held(engine: Engine, key: Key, condition: Condition) -> bool:
    """Ask a condition of an item in all four kinds of write; they must agree."""
    note = at(key.pk, f"note{next(NAMES)}")
    answers = {
        answer_of(lambda: engine.transact((put(note), Check(key, condition)), "")),
        answer_of(lambda: engine.write(Check(key, condition))),
    }
    before = engine.get(key)
    answers.add(answer_of(lambda: engine.write(Update(key, condition, assign={"touched": 1}))))
    if before is not None:
        engine.write(Put(key, before, Exists()))
        answers.add(answer_of(lambda: engine.write(Put(key, before, condition))))
        answers.add(answer_of(lambda: engine.write(Delete(key, condition))))
    assert len(answers) == 1
    assert (engine.get(note) is not None) in answers
    return answers.pop()


def answer_of(call: Callable[[], object]) -> bool:
    try:
        call()
    except ConditionFailed:
        return False
    return True


@pytest.mark.parametrize(
    ("condition", "on_item", "on_other", "on_nothing"),
    [
        (Absent(), False, False, True),
        (Exists(), True, True, False),
        (Is("state", "PENDING"), True, False, False),
        (Is("stock", 7), True, False, False),
        (Is("stock", "7"), False, False, False),
        (Is("flag", True), True, False, False),
        (Is("flag", 1), False, False, False),
        (Is("nothing", None), True, False, False),
        (Is("raw", b"\x00\xff"), True, False, False),
        (Is("parts", [1, {"a": "b"}]), True, False, False),
        (Is("parts", [1, {"a": "c"}]), False, False, False),
        (OneOf("state", ("PAYING", "PENDING")), True, False, False),
        (OneOf("state", ("PAYING",)), False, False, False),
        (AtLeast("stock", 7), True, False, False),
        (AtLeast("stock", 8), False, False, False),
        (AtLeast("stock", -1), True, False, False),
        (AtMost("stock", 7), True, False, False),
        (AtMost("stock", 6), False, False, False),
        (AtMost("state", 7), False, False, False),
        (AtLeast("state", 7), False, False, False),
        (Missing("stock"), False, True, True),
        (Missing("other"), True, True, True),
        (AllOf((Exists(), AtLeast("stock", 1))), True, False, False),
        (AllOf((Exists(), AtLeast("stock", 9))), False, False, False),
        (AnyOf((Absent(), AtLeast("stock", 9))), False, False, True),
        (AnyOf((Missing("stock"), AtLeast("stock", 1))), True, True, True),
        (all_of(any_of(Absent(), Is("stock", 7))), True, False, True),
        (all_of(Exists(), any_of(Missing("stock"), all_of(Is("stock", 7), Is("flag", True)))), True, True, False),
    ],
    ids=repr,
)
def test_condition(
    engine: Engine, pk: str, condition: Condition, on_item: bool, on_other: bool, on_nothing: bool
) -> None:
    stored(
        engine, at(pk, "item"), state="PENDING", stock=7, flag=True, nothing=None, raw=b"\x00\xff",
        parts=[1, {"a": "b"}],
    )  # fmt: skip
    stored(engine, at(pk, "other"), unrelated="x")

    assert held(engine, at(pk, "item"), condition) is on_item
    assert held(engine, at(pk, "other"), condition) is on_other
    assert held(engine, at(pk, "nothing"), condition) is on_nothing


@pytest.mark.parametrize(
    "condition",
    [OneOf("a", ()), AllOf(()), AnyOf(()), AtLeast("a", True), Is("a", 1.5)],  # type: ignore[arg-type]
    ids=repr,
)
def test_condition_that_is_no_expression_is_a_mistake(engine: Engine, pk: str, condition: Condition) -> None:
    stored(engine, at(pk), a=1)
    with pytest.raises(MISTAKES):
        engine.write(Update(at(pk), condition, assign={"b": 1}))


def test_a_missing_item_reads_as_none(engine: Engine, pk: str) -> None:
    assert engine.get(at(pk)) is None


@pytest.mark.parametrize(
    "value",
    ["", "油卡 ⛽ é", 0, -1, 10**15, -(10**37) - 1, 10**38 - 1, 10**100, True, False, None, b"", b"\x00\xff",
     [], {}, [1, "a", None, True, [b"x", {"deep": {"er": [0]}}]], {"键": {"值": 1}}],
    ids=repr,
)  # fmt: skip
def test_a_value_comes_back_as_it_went_in(engine: Engine, pk: str, value: Any) -> None:
    stored(engine, at(pk), value=value)
    found = engine.get(at(pk))
    assert found == whole(at(pk), value=value)
    assert type(found["value"]) is type(value)


@pytest.mark.parametrize("value", [1.0, 10**38 + 1, 10**126, {1}, (1,), object()], ids=lambda v: type(v).__name__)
def test_a_value_that_no_table_holds_is_a_mistake(engine: Engine, pk: str, value: Any) -> None:
    with pytest.raises(MISTAKES):
        engine.write(put(at(pk), value=value))
    assert engine.get(at(pk)) is None


def test_attribute_names_may_be_reserved_or_odd(engine: Engine, pk: str) -> None:
    odd = {"state": "a", "2026-11-22": 1, "a.b": 2, "余额": 3, "name": "n"}
    engine.write(Put(at(pk), odd, all_of(Absent(), Missing("a.b"))))
    engine.write(Update(at(pk), all_of(Is("a.b", 2), Is("余额", 3)), assign={"state": "b"}, add={"2026-11-22": 1}))
    assert engine.get(at(pk)) == whole(at(pk), **{**odd, "state": "b", "2026-11-22": 2})


def test_an_empty_key_is_a_mistake(engine: Engine, pk: str) -> None:
    for key in (at(""), at(pk, "")):
        with pytest.raises(MISTAKES):
            engine.write(put(key))
        with pytest.raises(MISTAKES):
            engine.get(key)


def test_an_item_over_400_kb_is_a_mistake(engine: Engine, pk: str) -> None:
    stored(engine, at(pk, "fits"), text="x" * 400_000)
    with pytest.raises(MISTAKES):
        engine.write(put(at(pk, "big"), text="x" * 409_600))
    with pytest.raises(MISTAKES):
        engine.write(Update(at(pk, "fits"), Exists(), assign={"more": "x" * 10_000}))


def test_an_item_is_a_copy_in_and_out(engine: Engine, pk: str) -> None:
    parts: list[Any] = [{"a": 1}]
    stored(engine, at(pk), parts=parts)
    parts[0]["a"] = 2
    found: Any = engine.get(at(pk))
    assert found["parts"] == [{"a": 1}]
    found["parts"][0]["a"] = 3
    again = engine.get(at(pk))
    assert again is not None
    assert again["parts"] == [{"a": 1}]


def test_put_replaces_the_whole_item_under_the_key_of_the_write(engine: Engine, pk: str) -> None:
    stored(engine, at(pk), a=1, b=2)
    engine.write(Put(at(pk), {"pk": "elsewhere", "c": 3}, Exists()))
    assert engine.get(at(pk)) == whole(at(pk), c=3)


def test_update_returns_the_new_image(engine: Engine, pk: str) -> None:
    stored(engine, at(pk), state="PENDING", stock=7, note="x", version=1)
    write = Update(at(pk), AtLeast("stock", 2), {"state": "PAYING"}, {"stock": -2, "used": 2}, ("note", "absent"))
    assert engine.write(write) == whole(at(pk), state="PAYING", stock=5, used=2, version=1)


def test_update_makes_a_missing_item_and_adds_from_nought(engine: Engine, pk: str) -> None:
    after = engine.write(Update(at(pk), Absent(), assign={"a": [1]}, add={"n": -5}))
    assert after == whole(at(pk), a=[1], n=-5) == engine.get(at(pk))


def test_update_that_only_removes_makes_no_item(engine: Engine, pk: str) -> None:
    assert engine.write(Update(at(pk), Missing("a"), remove=("a",))) is None
    assert engine.get(at(pk)) is None


def test_add_reaches_big_numbers_exactly(engine: Engine, pk: str) -> None:
    stored(engine, at(pk), n=10**37)
    assert engine.write(Update(at(pk), Exists(), add={"n": 1})) == whole(at(pk), n=10**37 + 1)


@pytest.mark.parametrize(
    "change",
    [{}, {"assign": {"pk": "x"}}, {"add": {"sk": 1}}, {"remove": ("pk",)}, {"add": {"text": 1}},
     {"assign": {"a": 1}, "add": {"a": 1}}, {"assign": {"a": 1}, "remove": ("a",)}, {"add": {"a": True}},
     {"remove": ("a", "a")}],
    ids=repr,
)  # fmt: skip
def test_update_that_makes_no_sense_is_a_mistake(engine: Engine, pk: str, change: Any) -> None:
    stored(engine, at(pk), text="x")
    with pytest.raises(MISTAKES):
        engine.write(Update(at(pk), Exists(), **change))
    with pytest.raises(MISTAKES):
        engine.transact((put(at(pk, "B")), Update(at(pk), Exists(), **change)), "")
    assert engine.get(at(pk)) == whole(at(pk), text="x")
    assert engine.get(at(pk, "B")) is None


def test_delete_takes_the_item_and_is_no_news_twice(engine: Engine, pk: str) -> None:
    stored(engine, at(pk), a=1)
    assert engine.write(Delete(at(pk), Is("a", 1))) is None
    assert engine.get(at(pk)) is None
    engine.write(Delete(at(pk), Missing("a")))
    with pytest.raises(ConditionFailed):
        engine.write(Delete(at(pk), Exists()))


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
    engine.transact((put(at(pk, "A")), put(at(pk, "B"))), f"{next(NAMES):036}")
    with pytest.raises(MISTAKES):
        engine.transact((put(at(pk, "C")), put(at(pk, "D"))), f"{next(NAMES):037}")


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


def walked(engine: Engine, query: Query) -> list[list[Item]]:
    pages = []
    while True:
        page = engine.query(query)
        pages.append(page.items)
        if page.cursor is None:
            return pages
        query = Query(
            query.table, query.partition, query.first, query.last, query.index, query.newest_first, query.limit,
            page.cursor,
        )  # fmt: skip


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
    [{"limit": 0}, {"index": BY_USER, "table": Table.LEDGER}, {"first": 5}, {"after": {"pk": "elsewhere", "sk": "A"}},
     {"after": {"pk": "P"}}, {"partition": ""}],
    ids=repr,
)  # fmt: skip
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
    "item", [{"due_at": "5"}, {"due_at": None}, {"user_id": ""}, {"placed_key": 5}, {"due_shard": True}], ids=repr
)
def test_an_index_key_of_another_type_is_a_mistake(engine: Engine, pk: str, item: Any) -> None:
    with pytest.raises(MISTAKES):
        engine.write(put(at(pk), **item))
    with pytest.raises(MISTAKES):
        engine.write(Update(at(pk), Absent(), assign=item))
    assert engine.get(at(pk)) is None


def test_batch_get_keeps_the_order_of_the_keys_and_leaves_out_what_is_missing(engine: Engine, pk: str) -> None:
    for sk in "ABC":
        stored(engine, at(pk, sk), n=sk)
    found = engine.batch_get([at(pk, "C"), at(pk, "X"), at(pk, "A"), at(pk, "B")])
    assert [item["n"] for item in found] == ["C", "A", "B"]


def test_batch_get_takes_100_keys_each_once(engine: Engine, pk: str) -> None:
    keys = [at(pk, f"{n:03}") for n in range(101)]
    engine.transact(tuple(put(key) for key in keys[:100]), "")
    assert [item["sk"] for item in engine.batch_get(keys[:100])] == [key.sk for key in keys[:100]]
    for wrong in (keys, [keys[0], keys[0]], [at("", "A")]):
        with pytest.raises(MISTAKES):
            engine.batch_get(wrong)


class SoldOutError(StateError):
    code = "SOLD_OUT"


THREADS, STOCK = 32, 20


def sold(engine: Engine, attempt: Callable[[Store, int], object]) -> int:
    """Run the attempt in 32 threads at once; return how many succeeded. A busy table counts as not sold."""
    store = Store(engine, CountedNonces(), pause=lambda attempt: None)

    def buys(number: int) -> bool:
        try:
            attempt(store, number)
        except (SoldOutError, StoreUnavailableError):
            return False
        return True

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(buys, range(THREADS)))


@pytest.mark.parametrize("kind", [memory, embedded], indirect=True, ids=lambda kind: str(kind.__name__))
def test_32_threads_never_oversell(engine: Engine, pk: str) -> None:
    """Not on moto, which checks and writes without a lock between; DynamoDB serialises writes of an item."""
    stored(engine, at(pk), stock=STOCK)
    claim = Update(at(pk), AtLeast("stock", 1), add={"stock": -1}, otherwise=SoldOutError())
    assert sold(engine, lambda store, _: store.take(claim)) == STOCK
    assert engine.get(at(pk)) == whole(at(pk), stock=0)


@pytest.mark.parametrize("kind", [memory, embedded], indirect=True, ids=lambda kind: str(kind.__name__))
def test_32_transactions_sell_what_they_deliver(engine: Engine, pk: str) -> None:
    """Transactions that meet may cancel each other, but stock and receipts stay in step."""
    stored(engine, at(pk), stock=STOCK)

    def buy(store: Store, number: int) -> None:
        claim = Update(at(pk), AtLeast("stock", 1), add={"stock": -1}, otherwise=SoldOutError())
        store.commit(put(at(pk, f"receipt{number:02}")), claim)

    count_sold = sold(engine, buy)
    receipts = engine.query(Query(Table.ORDERS, pk, first="receipt")).items
    stock = engine.get(at(pk))
    assert stock is not None
    assert len(receipts) == count_sold <= STOCK
    assert stock["stock"] == STOCK - count_sold


def test_of_two_rivals_one_wins(engine: Engine, pk: str) -> None:
    """Both saw version 1; the one who comes second is told by his condition, or by a conflict, never silently."""
    stored(engine, at(pk), version=1)

    def advance(state: str) -> tuple[Write, ...]:
        move = Update(at(pk), Is("version", 1), assign={"state": state}, add={"version": 1})
        return move, put(at(pk, f"entry {state}"))

    engine.transact(advance("PAYING"), "")
    with pytest.raises((ConditionFailed, Conflict, Throttled)):
        engine.transact(advance("CLOSED"), "")
    assert engine.get(at(pk)) == whole(at(pk), version=2, state="PAYING")
    assert engine.get(at(pk, "entry CLOSED")) is None
