"""What the store does when an engine fails: try again, give up, or say that it does not know."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from octane.kernel.errors import NotFoundError, OctaneError, StateError
from octane.store.engine import AnswerLost, ConditionFailed, Conflict, EngineFailure, Throttled
from octane.store.items import Item, Key, Page, Query, Table
from octane.store.store import (
    ATTEMPTS,
    CommitUnknownError,
    Store,
    StoreConflictError,
    StoreThrottledError,
    StoreUnavailableError,
)
from octane.store.writes import Absent, ChangedMeanwhileError, Check, Exists, Put, Update, Write

KEY = Key(Table.ORDERS, "P", "A")
OTHER = Key(Table.LEDGER, "P", "B")
ITEM: Item = {"pk": "P", "sk": "A", "n": 1}


class TakenError(StateError):
    code = "TAKEN"


class GoneError(NotFoundError):
    code = "GONE"


@dataclass
class ScriptedEngine:
    """Answers from a script, in turn, and remembers what it was asked."""

    script: list[Any]
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    def _answer(self, *asked: Any) -> Any:
        self.asked.append(asked)
        answer = self.script.pop(0)
        if isinstance(answer, EngineFailure):
            raise answer
        return answer

    def get(self, key: Key) -> Item | None:
        found: Item | None = self._answer("get", key)
        return found

    def query(self, query: Query) -> Page:
        page: Page = self._answer("query", query)
        return page

    def batch_get(self, keys: list[Key]) -> list[Item]:
        found: list[Item] = self._answer("batch_get", keys)
        return found

    def write(self, write: Write) -> Item | None:
        after: Item | None = self._answer("write", write)
        return after

    def transact(self, writes: tuple[Write, ...], token: str) -> None:
        self._answer("transact", writes, token)


class Tokens:
    def __init__(self) -> None:
        self.given = 0

    def token(self) -> str:
        self.given += 1
        return f"token{self.given}"


def scripted(*script: Any) -> tuple[Store, ScriptedEngine, list[int]]:
    pauses: list[int] = []
    engine = ScriptedEngine(list(script))
    return Store(engine, Tokens(), pauses.append), engine, pauses


def writes() -> tuple[Put, Check]:
    return Put(KEY, {"n": 1}, Absent(), TakenError()), Check(OTHER, Exists(), GoneError())


def test_one_write_is_one_plain_call() -> None:
    store, engine, pauses = scripted(None)
    put, _ = writes()
    store.commit(put)
    assert engine.asked == [("write", put)]
    assert pauses == []


def test_several_writes_are_one_transaction_under_a_fresh_token() -> None:
    store, engine, _ = scripted(None, None)
    both = writes()
    store.commit(*both)
    store.commit(*both)
    assert engine.asked == [("transact", both, "token1"), ("transact", both, "token2")]


@pytest.mark.parametrize(("index", "error"), [(0, TakenError), (1, GoneError)])
def test_a_failed_condition_raises_the_error_of_its_write(index: int, error: type[OctaneError]) -> None:
    store, engine, pauses = scripted(ConditionFailed(index))
    with pytest.raises(error):
        store.commit(*writes())
    assert len(engine.asked) == 1
    assert pauses == []


def test_a_failed_condition_of_one_write_raises_its_error() -> None:
    store, _, _ = scripted(ConditionFailed())
    with pytest.raises(TakenError):
        store.commit(writes()[0])


def test_a_write_without_an_error_of_its_own_says_that_somebody_was_first() -> None:
    store, _, _ = scripted(ConditionFailed())
    with pytest.raises(ChangedMeanwhileError) as caught:
        store.commit(Put(KEY, {}, Absent()))
    assert caught.value.retryable


@pytest.mark.parametrize("failure", [Conflict, Throttled, AnswerLost])
def test_a_transaction_is_sent_again_under_the_same_token(failure: type[EngineFailure]) -> None:
    store, engine, pauses = scripted(failure(), failure(), None)
    both = writes()
    store.commit(*both)
    assert engine.asked == [("transact", both, "token1")] * 3
    assert pauses == [1, 2]


def test_a_condition_that_fails_after_a_lost_answer_is_definite() -> None:
    """The token makes it so: had the first try taken effect, the second would have answered yes."""
    store, _, _ = scripted(AnswerLost(), ConditionFailed(1))
    with pytest.raises(GoneError):
        store.commit(*writes())


@pytest.mark.parametrize("failure", [Conflict, Throttled])
def test_a_transaction_that_never_gets_through_wrote_nothing(failure: type[EngineFailure]) -> None:
    store, engine, pauses = scripted(*[failure() for _ in range(ATTEMPTS)])
    with pytest.raises(StoreUnavailableError):
        store.commit(*writes())
    assert len(engine.asked) == ATTEMPTS
    assert pauses == list(range(1, ATTEMPTS))


def test_whoever_has_another_way_is_told_of_the_first_conflict() -> None:
    store, engine, pauses = scripted(Throttled(), Conflict(), None)
    with pytest.raises(StoreThrottledError):
        store.commit(*writes(), conflicts=1)
    store, engine, pauses = scripted(Conflict(), None)
    with pytest.raises(StoreConflictError):
        store.commit(*writes(), conflicts=1)
    assert (len(engine.asked), pauses) == (1, [])
    # but when an answer was lost, the other one may be ourselves
    store, engine, _ = scripted(AnswerLost(), Conflict(), None)
    store.commit(*writes(), conflicts=1)
    assert len(engine.asked) == 3


@pytest.mark.parametrize("lost_at", range(ATTEMPTS))
def test_one_lost_answer_among_the_tries_leaves_the_outcome_unknown(lost_at: int) -> None:
    script: list[EngineFailure] = [Conflict() for _ in range(ATTEMPTS)]
    script[lost_at] = AnswerLost()
    store, _, _ = scripted(*script)
    with pytest.raises(CommitUnknownError):
        store.commit(*writes())


@pytest.mark.parametrize("failure", [Conflict, Throttled])
def test_one_write_is_tried_again_when_it_surely_did_nothing(failure: type[EngineFailure]) -> None:
    store, engine, pauses = scripted(failure(), None)
    store.commit(writes()[0])
    assert len(engine.asked) == 2
    assert pauses == [1]


def test_one_write_that_never_gets_through_wrote_nothing() -> None:
    store, _, _ = scripted(*[Throttled() for _ in range(ATTEMPTS)])
    with pytest.raises(StoreUnavailableError):
        store.commit(writes()[0])


def test_one_write_with_a_lost_answer_is_not_sent_again() -> None:
    store, engine, _ = scripted(Throttled(), AnswerLost(), None)
    with pytest.raises(CommitUnknownError):
        store.commit(writes()[0])
    assert len(engine.asked) == 2


def test_take_returns_the_item_as_it_now_is() -> None:
    store, engine, _ = scripted(Conflict(), ITEM)
    update = Update(KEY, Exists(), add={"n": 1})
    assert store.take(update) == ITEM
    assert engine.asked == [("write", update)] * 2


@pytest.mark.parametrize("answer", [ConditionFailed(), None])
def test_take_of_nothing_raises_the_error_of_the_update(answer: object) -> None:
    store, _, _ = scripted(answer)
    with pytest.raises(GoneError):
        store.take(Update(KEY, Exists(), remove=("n",), otherwise=GoneError()))


READS: list[tuple[Callable[[Store], object], object]] = [
    (lambda store: store.get(KEY), ITEM),
    (lambda store: store.query(Query(Table.ORDERS, "P")), Page([ITEM], None)),
    (lambda store: store.batch_get([KEY]), [ITEM]),
]


@pytest.mark.parametrize(("read", "answer"), READS, ids=["get", "query", "batch_get"])
def test_a_read_is_tried_again_whatever_became_of_it(read: Callable[[Store], object], answer: object) -> None:
    store, engine, pauses = scripted(AnswerLost(), Throttled(), answer)
    assert read(store) == answer
    assert len(engine.asked) == 3
    assert pauses == [1, 2]


@pytest.mark.parametrize(("read", "answer"), READS, ids=["get", "query", "batch_get"])
def test_a_read_that_never_gets_through_is_unavailable(
    read: Callable[[Store], object], answer: object
) -> None:
    store, engine, _ = scripted(*[AnswerLost() for _ in range(ATTEMPTS)], answer)
    with pytest.raises(StoreUnavailableError):
        read(store)
    assert len(engine.asked) == ATTEMPTS


def test_a_batch_of_nothing_asks_nobody() -> None:
    store, engine, _ = scripted()
    assert store.batch_get([]) == []
    assert engine.asked == []


def test_scan_pages_walks_to_the_end_with_the_same_query() -> None:
    first = Query(Table.ORDERS, "P", "A", "Z", newest_first=True, limit=1)
    store, engine, _ = scripted(Page([ITEM], {"pk": "P", "sk": "A"}), Throttled(), Page([], None))
    assert list(store.scan_pages(first)) == [ITEM]
    second = Query(Table.ORDERS, "P", "A", "Z", None, True, 1, {"pk": "P", "sk": "A"})
    assert engine.asked == [("query", first), ("query", second), ("query", second)]
