"""The circuit breaker: closed, open, one probe (PY7)."""

import pytest

from octane.kernel.clock import Instant
from octane.wire.breaker import Breaker


class HandClock:
    at = Instant(1_000_000)

    def now(self) -> Instant:
        return self.at


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def open_breaker(clock) -> Breaker:
    breaker = Breaker(clock, failures=3, open_ms=10_000)
    for _ in range(3):
        assert breaker.allows("a")
        breaker.failed("a")
    return breaker


def test_consecutive_failures_open_it_for_a_while(open_breaker, clock):
    assert not open_breaker.allows("a")
    clock.at += 9_999
    assert not open_breaker.allows("a")
    assert open_breaker.allows("b")


def test_a_success_in_between_starts_the_count_again(clock):
    breaker = Breaker(clock, failures=2)
    for _ in range(5):
        breaker.failed("a")
        assert breaker.allows("a")
        breaker.succeeded("a")


def test_one_probe_passes_and_its_success_closes_it(open_breaker, clock):
    clock.at += 10_000
    assert open_breaker.allows("a")
    assert not open_breaker.allows("a")
    open_breaker.succeeded("a")
    assert open_breaker.allows("a")
    assert open_breaker.allows("a")


def test_a_failed_probe_opens_it_again(open_breaker, clock):
    clock.at += 10_000
    assert open_breaker.allows("a")
    open_breaker.failed("a")
    clock.at += 9_999
    assert not open_breaker.allows("a")
    clock.at += 1
    assert open_breaker.allows("a")


def test_a_probe_that_never_reports_does_not_block_for_ever(open_breaker, clock):
    clock.at += 10_000
    assert open_breaker.allows("a")
    clock.at += 10_000
    assert open_breaker.allows("a")


def test_one_time_out_opens_it(clock: HandClock) -> None:
    breaker = Breaker(clock)
    breaker.failed("host", kept_waiting=True)
    assert not breaker.allows("host")
    clock.at = Instant(clock.at + 20_000)
    assert breaker.allows("host")
    assert not breaker.allows("host"), "one probe"
    breaker.succeeded("host")
    assert breaker.allows("host")
