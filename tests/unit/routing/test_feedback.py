"""What reports cost, what they count once, and what they must not break (PY6)."""

import pytest
from unit.routing.samples import WECHAT, fail, record, request

from octane.channels.port import ChannelName, PaymentMethod
from octane.kernel.clock import SECOND
from octane.routing.decisions import Circuit, Exclusion, Outcome
from octane.routing.feedback import BATCH
from octane.routing.health import (
    health_key,
    short,
)
from octane.store.engine import AnswerLost, Throttled

OK, ERROR, TIMEOUT = Outcome.OK, Outcome.CHANNEL_ERROR, Outcome.TIMEOUT


def test_one_attempt_that_fails_again_and_again_counts_once(router, others, store):
    for _ in range(6):
        router.report(WECHAT, "A", ERROR, 0)
        others().report(WECHAT, "A", TIMEOUT, 0)
    assert (record(store).bad, record(store).circuit) == (1, Circuit.CLOSED)
    assert record(store).recent == (short("A"),)


def test_what_the_customer_does_makes_no_channel_sick(router, store, meter):
    """A refusal is an answer: the caller reports OK, and nothing is written for it in quiet times."""
    router.snapshot()
    meter.reset()
    for number in range(BATCH - 1):
        router.report(WECHAT, f"wrong password {number}", OK, 10)
    assert meter.totals == {}


def test_successes_are_written_in_batches(router, store, meter):
    router.snapshot()
    meter.reset()
    for number in range(100):
        router.report(WECHAT, f"A{number}", OK, 30)
    found = record(store)
    assert found.ok + found.before_ok == 100
    assert found.health(cooling=False).latency_ms == 30
    by_call = meter.totals["(no operation)"].by_call
    assert by_call["write"] == 5 + 1, "five batches, and the window moved on once"


def test_a_lone_success_is_written_with_the_next_after_five_minutes(router, store, clock):
    router.report(WECHAT, "A", OK, 30)
    clock.at += 300 * SECOND
    router.report(WECHAT, "B", OK, 30)
    assert record(store).ok == 2


def test_a_failure_costs_one_call_and_none_once_it_is_open(router, others, meter, clock):
    router.snapshot()
    meter.reset()
    fail(router, 5)
    assert meter.totals["(no operation)"].by_call == {"write": 5}
    fail(router, 20, "more")
    assert meter.totals["(no operation)"].by_call == {"write": 5}
    late = others()
    late.snapshot()
    meter.reset()
    fail(late, 20)
    assert meter.totals == {}


def test_a_failure_that_meets_another_reads_and_writes_again(others, meter, store):
    one, two = others(), others()
    for router in (one, two):
        router.snapshot()
    one.report(WECHAT, "A", ERROR, 0)
    meter.reset()
    two.report(WECHAT, "B", ERROR, 0)
    assert meter.totals["(no operation)"].by_call == {"write": 2, "get": 1}
    assert record(store).run == 2


def test_a_time_out_is_paid_once_by_each_process(router, others, clock):
    router.report(WECHAT, "A", TIMEOUT, 5_000)
    assert not router.may_call(WECHAT)
    assert router.decide(request()).exclusion(PaymentMethod.WECHAT_NATIVE) is Exclusion.COOLING_DOWN
    assert others().may_call(WECHAT)
    clock.at += 20 * SECOND - 1
    assert not router.may_call(WECHAT)
    clock.at += 1
    assert router.may_call(WECHAT)


def test_a_success_ends_the_cool_down(router):
    router.report(WECHAT, "A", TIMEOUT, 0)
    router.report(WECHAT, "B", OK, 10)
    assert router.may_call(WECHAT)


def test_a_clock_set_back_ends_the_cool_down(router, clock):
    router.report(WECHAT, "A", TIMEOUT, 0)
    clock.at -= 3_600 * SECOND
    assert router.may_call(WECHAT)


@pytest.mark.parametrize("failure", [Throttled, AnswerLost])
def test_a_table_that_does_not_answer_costs_nobody_a_payment(failure, engine, router, monkeypatch):
    router.snapshot()

    def broken(write):
        raise failure

    monkeypatch.setattr(engine, "write", broken)
    fail(router, 3)
    for number in range(BATCH):
        router.report(WECHAT, f"good{number}", OK, 10)
    assert not router.claim_probe(WECHAT, "P")
    assert router.may_call(WECHAT)


def test_the_wallet_is_never_reported(router, store):
    for number in range(9):
        router.report(ChannelName.WALLET, f"A{number}", ERROR, 0)
    assert store.get(health_key(ChannelName.WALLET)) is None


def test_an_attempt_that_succeeds_again_and_again_counts_once(router, store):
    for _ in range(BATCH * 2):
        router.report(WECHAT, "A", OK, 10)
    for number in range(BATCH - 1):
        router.report(WECHAT, f"B{number}", OK, 10)
    assert record(store).ok == BATCH
