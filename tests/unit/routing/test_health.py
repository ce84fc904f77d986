"""The shared breaker: what opens it, who probes, what closes it, what it costs, and races (PY6)."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from unit.routing.samples import ALIPAY, WECHAT, fail, record, request

from octane.channels.port import ChannelName, PaymentMethod
from octane.kernel.clock import SECOND, Instant
from octane.routing.decisions import Circuit, Exclusion, Outcome
from octane.routing.defaults import default_draft
from octane.routing.feedback import BATCH
from octane.routing.health import (
    ChannelRecord,
    Successes,
    half_is_full,
    health_key,
    moved_on,
    probe_failed,
    probe_succeeded,
    record_of,
    succeeded,
)
from octane.routing.router import Router
from octane.routing.rules import PPM, BreakerRule
from octane.store.writes import ChangedMeanwhileError
from world.values import accept_item

OK, ERROR, TIMEOUT = Outcome.OK, Outcome.CHANNEL_ERROR, Outcome.TIMEOUT


@pytest.fixture
def opened(router, store) -> ChannelRecord:
    fail(router, 5)
    found = record(store)
    assert found.circuit is Circuit.OPEN
    return found


def test_failures_in_a_row_open_it_for_all(router, others, store):
    fail(router, 4)
    assert others().may_call(WECHAT)
    fail(router, 1, "last")
    found = record(store)
    assert (found.circuit, found.run, found.retry_at - found.opened_at) == (Circuit.OPEN, 5, 20 * SECOND)
    other = others()
    assert not other.may_call(WECHAT)
    assert other.may_call(ALIPAY)
    assert other.may_call(ChannelName.WALLET)
    assert other.decide(request()).exclusion(PaymentMethod.WECHAT_NATIVE) is Exclusion.CIRCUIT_OPEN


def test_failures_of_several_processes_add_up(others, store):
    for number in range(5):
        others().report(WECHAT, f"A{number}", ERROR, 0)
    assert record(store).circuit is Circuit.OPEN


def test_a_success_in_between_starts_the_row_again(router, clock, store):
    for round_number in range(3):
        fail(router, 4, f"R{round_number}-")
        router.report(WECHAT, f"good{round_number}", OK, 50)
        assert record(store).run == 0
    assert record(store).circuit is Circuit.CLOSED


def test_a_success_seen_elsewhere_starts_the_row_again(router, others, store):
    fail(router, 4)
    others().report(WECHAT, "good", OK, 50)
    assert record(store).run == 0


def test_old_unwritten_successes_end_no_row(others, clock, store):
    """Given a process with a success of a minute ago, when it fails too, then the others' row goes on."""
    early = others()
    early.report(WECHAT, "early", OK, 10)
    clock.at += 30 * SECOND
    for number in range(4):
        others().report(WECHAT, f"A{number}", ERROR, 0)
    early.report(WECHAT, "late", ERROR, 0)
    assert record(store).circuit is Circuit.OPEN
    assert record(store).ok == 1


def test_failures_far_apart_are_no_row(router, clock, store):
    for number in range(8):
        router.report(WECHAT, f"A{number}", ERROR, 0)
        clock.at += 61 * SECOND
    assert (record(store).circuit, record(store).run) == (Circuit.CLOSED, 1)


def test_too_large_a_share_opens_it_even_without_a_row(router, published, store):
    published(breaker=default_draft()["breaker"] | {"failure_ppm": 300_000, "least_calls": 10})
    for number in range(6):
        router.report(WECHAT, f"good{number}", OK, 10)
    for number in range(3):
        router.report(WECHAT, f"bad{number}", ERROR, 0)
        router.report(WECHAT, f"fine{number}", OK, 10)
    found = record(store)
    assert (found.circuit, found.run) == (Circuit.CLOSED, 0)
    router.report(WECHAT, "bad", ERROR, 0)
    assert record(store).circuit is Circuit.OPEN


def test_after_the_pause_exactly_one_of_many_probes(opened, others, clock, store):
    assert not others().claim_probe(WECHAT, "early")
    clock.at += 20 * SECOND
    routers = [others() for _ in range(16)]
    assert all([due.channel for due in router.probes_due()] == [WECHAT] for router in routers)
    with ThreadPoolExecutor(16) as pool:
        claims = list(pool.map(lambda n: routers[n].claim_probe(WECHAT, f"P{n}"), range(16)))
    assert claims.count(True) == 1
    assert record(store).circuit is Circuit.HALF_OPEN
    assert record(store).probe_by == f"P{claims.index(True)}"
    assert others().probes_due() == []
    assert not others().may_call(WECHAT)


def test_a_good_probe_closes_it_and_the_counts_start_anew(opened, router, others, clock, store):
    clock.at += 20 * SECOND
    assert router.claim_probe(WECHAT, "P")
    router.report(WECHAT, "P", OK, 70)
    found = record(store)
    assert (found.circuit, found.run, found.pause_ms, found.recent) == (Circuit.CLOSED, 0, 0, ())
    assert (found.ok, found.bad, found.calls) == (1, 0, 1)
    assert router.may_call(WECHAT)
    assert others().may_call(WECHAT)


def test_a_bad_probe_opens_it_again_and_the_pause_doubles_up_to_the_longest(opened, router, clock, store):
    pauses = []
    for number in range(6):
        clock.at = record(store).retry_at
        assert router.claim_probe(WECHAT, f"P{number}")
        router.report(WECHAT, f"P{number}", ERROR, 0)
        found = record(store)
        assert (found.circuit, found.probe_by) == (Circuit.OPEN, "")
        pauses.append(found.retry_at - clock.at)
    assert pauses == [p * SECOND for p in (40, 80, 160, 300, 300, 300)]


def test_an_attempt_that_failed_before_may_be_the_probe(opened, router, clock, store):
    clock.at += 20 * SECOND
    assert router.claim_probe(WECHAT, "F0")
    router.report(WECHAT, "F0", OK, 10)
    assert record(store).circuit is Circuit.CLOSED


def test_a_dead_prober_wedges_nothing(opened, others, clock, store):
    clock.at += 20 * SECOND
    dead, alive = others(), others()
    assert dead.claim_probe(WECHAT, "dead")
    clock.at += 60 * SECOND - 1
    assert not alive.claim_probe(WECHAT, "alive")
    clock.at += 1
    assert alive.claim_probe(WECHAT, "alive")
    dead.report(WECHAT, "dead", OK, 10)
    assert (record(store).circuit, record(store).probe_by) == (Circuit.HALF_OPEN, "alive")
    alive.report(WECHAT, "alive", OK, 10)
    assert record(store).circuit is Circuit.CLOSED


def test_late_answers_of_before_move_no_open_circuit(opened, router, others, store):
    for number in range(3):
        router.report(WECHAT, f"late{number}", OK, 10)
        others().report(WECHAT, f"later{number}", ERROR, 0)
    assert record(store)._replace(ok=0, latency_ms=0) == opened


def test_a_success_that_meets_an_opening_circuit_does_not_close_it(others, store):
    slow, fast = others(), others()
    fail(fast, 4)
    slow.snapshot()
    fail(fast, 1, "last")
    slow.report(WECHAT, "good", OK, 10)
    assert record(store).circuit is Circuit.OPEN


@pytest.mark.parametrize("skew", [-3_600, -30, 30, 3_600])
def test_wrong_clocks_neither_open_nor_wedge_it(skew, store, clock):
    """Given a process whose clock is wrong, then failures still add up, and the circuit closes again."""

    class Skewed:
        def now(self) -> Instant:
            return Instant(clock.at + skew * SECOND)

    wrong, right = Router(store, Skewed()), Router(store, clock)
    for number in range(2):
        wrong.report(WECHAT, f"W{number}", ERROR, 0)
    assert record(store).circuit is Circuit.CLOSED
    for number in range(8):
        right.report(WECHAT, f"R{number}", ERROR, 0)
    assert record(store).circuit is Circuit.OPEN
    for _ in range(100):
        clock.at += 60 * SECOND
        if right.claim_probe(WECHAT, f"P{clock.at}"):
            right.report(WECHAT, f"P{clock.at}", OK, 10)
            break
    assert record(store).circuit is Circuit.CLOSED
    assert right.may_call(WECHAT)


def test_threads_lose_no_success_and_open_once(store, clock):
    routers = [Router(store, clock) for _ in range(8)]

    def works(number: int) -> None:
        for step in range(BATCH * 5):
            routers[number].report(WECHAT, f"{number}-{step}", OK, 10)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(works, range(8)))
    found = record(store)
    assert found.generation >= 1
    assert found.calls <= 8 * BATCH * 5
    assert found.bad == 0
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: fail(routers[n], 20, f"{n}-F"), range(8)))
    found = record(store)
    assert (found.circuit, found.run) == (Circuit.OPEN, 5)


def test_moving_the_window_on_keeps_what_was_added_meanwhile(store):
    store.commit(succeeded(WECHAT, Successes(50, 500)))
    seen = record(store)
    assert half_is_full(seen, 100)
    store.commit(succeeded(WECHAT, Successes(7, 70)))
    store.commit(moved_on(seen))
    with pytest.raises(ChangedMeanwhileError):
        store.commit(moved_on(seen))
    found = record(store)
    assert (found.before_ok, found.ok, found.latency_ms, found.generation) == (50, 7, 70, 1)


def test_a_few_calls_prove_little():
    few = ChannelRecord(WECHAT, ok=1, bad=1).health(cooling=False)
    many = ChannelRecord(WECHAT, ok=100, bad=100).health(cooling=False)
    assert 900_000 < few.success_ppm < PPM
    assert 500_000 < many.success_ppm < 530_000
    assert ChannelRecord(WECHAT).health(cooling=False).success_ppm == PPM
    assert ChannelRecord(WECHAT, bad=10**9).health(cooling=False).success_ppm == 1


def test_an_item_is_small_and_strange_fields_do_no_harm(opened, store, engine):
    item = store.get(health_key(WECHAT))
    assert accept_item(item).size < 1_024, "one write unit"
    assert record_of(WECHAT, {**item, "more": 1}) == opened
    assert record_of(WECHAT, {"ok": "x", "recent": 5}) == ChannelRecord(WECHAT)


def test_only_who_holds_the_probe_can_end_it(opened, router, clock, store):
    clock.at += 20 * SECOND
    assert router.claim_probe(WECHAT, "holder")
    found = record(store)
    for write in (
        probe_succeeded(WECHAT, "another", 10),
        probe_failed(found, "another", clock.now(), BreakerRule()),
    ):
        with pytest.raises(ChangedMeanwhileError):
            store.commit(write)
    assert record(store) == found


def test_a_success_that_nobody_has_seen_yet_ends_the_row_all_the_same(others, clock, store):
    """Given a success after the others' failures, not written yet, when its process fails, then it is the
    first of a row."""
    mine = others()
    mine.report(WECHAT, "good", OK, 10)
    for number in range(4):
        others().report(WECHAT, f"A{number}", ERROR, 0)
    clock.at += 1 * SECOND
    mine.report(WECHAT, "good too", OK, 10)
    mine.report(WECHAT, "bad", ERROR, 0)
    found = record(store)
    assert (found.circuit, found.run, found.ok) == (Circuit.CLOSED, 1, 2)
