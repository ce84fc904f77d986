"""The same scenarios at boto3 level: every call goes to the memory engine and to moto; both must agree."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from octane.kernel.clock import Clock
from octane.store.engine import ConditionFailed, Engine
from octane.store.items import Item, Key, Page, Query
from octane.store.writes import Write
from simulation.faults import parse_schedule
from simulation.play import play
from world.engines import on_moto
from world.memory_engine import MemoryEngine

Answer = TypeVar("Answer")


class Disagreed(AssertionError):
    """The two engines answered differently."""


class TwinEngine(MemoryEngine):
    """Asks both engines; the memory engine's streams and snapshots serve the world."""

    def __init__(self, clock: Clock, other: Engine) -> None:
        super().__init__(clock)
        self.other = other
        self.asked = 0

    def get(self, key: Key) -> Item | None:
        return self._same(lambda: super(TwinEngine, self).get(key), lambda: self.other.get(key))

    def query(self, query: Query) -> Page:
        found = super().query(query)
        other = self.other.query(query)
        if found.items != other.items:
            raise Disagreed(f"{query}: {found.items} {other.items}")
        self.asked += 1
        return found

    def batch_get(self, keys: list[Key]) -> list[Item]:
        return self._same(
            lambda: _sorted(super(TwinEngine, self).batch_get(keys)),
            lambda: _sorted(self.other.batch_get(keys)),
        )

    def write(self, write: Write) -> Item | None:
        return self._same(lambda: super(TwinEngine, self).write(write), lambda: self.other.write(write))

    def transact(self, writes: tuple[Write, ...], token: str) -> None:
        before = self.mark()

        def elsewhere() -> None:
            # moto knows no request tokens: a transaction sent again is not sent to it again
            if self.mark() != before or outcome is not None:
                self.other.transact(writes, token)

        outcome: int | None = None
        try:
            super().transact(writes, token)
        except ConditionFailed as failure:
            outcome = failure.index
        try:
            elsewhere()
        except ConditionFailed as failure:
            if failure.index != outcome:
                raise Disagreed(f"{writes}: {outcome} {failure.index}") from failure
        else:
            if outcome is not None:
                raise Disagreed(f"{writes}: {outcome}, not refused on moto")
        self.asked += 1
        if outcome is not None:
            raise ConditionFailed(outcome)

    def _same(self, here: Callable[[], Answer], there: Callable[[], Answer]) -> Answer:
        answers = [_outcome(here), _outcome(there)]
        if answers[0] != answers[1]:
            raise Disagreed(str(answers))
        self.asked += 1
        return here_or_raise(answers[0])


def _sorted(items: list[Item]) -> list[Item]:
    return sorted(items, key=lambda item: (str(item["pk"]), str(item["sk"])))


def _outcome(call: Callable[[], Answer]) -> tuple[Answer] | int:
    try:
        return (call(),)
    except ConditionFailed as failure:
        return failure.index


def here_or_raise(outcome: tuple[Answer] | int) -> Answer:
    if isinstance(outcome, int):
        raise ConditionFailed(outcome)
    return outcome[0]


@pytest.fixture
def moto() -> Iterator[Engine]:
    with on_moto() as engine:
        yield engine


@pytest.mark.parametrize(
    "schedule",
    [
        "happy/901/",
        "happy/902/wechat_payment.A1#1:2=kill_after",
        "refused/903/recharge_order.A1#1:4=lost_after",
        "revoked/904/dispatch.A1#1:0=again",
        "cancelled_while_paid/905/",
        "paid_late/906/wechat_payment.A1#1:2=conflict",
        "two_phones/907/",
        "refunded_by_staff/908/",
        "flash_sale/909/",
        "two_pages/910/pay_order.A1#1:3=late",
        "wallet_filled/911/recharge_order.A1#1:2=lost_after",
        "combined_refused/912/",
        "combined_by_staff/913/",
        "two_purses/914/",
        "two_refuse/915/pay_order.A1#1:3=lost_after",
        "first_unheard/916/",
        "quota_shared/917/",
        "sick_channel/918/",
        "rules_change/919/",
    ],
)
def test_a_story_goes_the_same_on_boto3(schedule: str, moto: Engine) -> None:
    engines: list[TwinEngine] = []

    def twin(clock: Clock) -> TwinEngine:
        engines.append(TwinEngine(clock, moto))
        return engines[0]

    outcome = play(parse_schedule(schedule), engine=twin)
    assert (outcome.invariant, outcome.detail) == ("", "")
    assert outcome.happened == parse_schedule(schedule).faults
    assert engines[0].asked > 10
