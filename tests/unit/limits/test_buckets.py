"""Token buckets: as many as the limit says, an exact wait, nothing taken by a refusal (GW3)."""

import random
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest

from octane.kernel.errors import StateError, TooManyError, UnavailableError
from octane.kernel.settings import Settings
from octane.limits.addresses import network_of
from octane.limits.buckets import Buckets, Spend, bucket_key
from octane.limits.table import LIMITS, Limit, LimitsInvalidError, Per, limits_of
from octane.store.engine import AnswerLost, Throttled
from octane.store.items import Key, Table
from octane.store.store import Store
from octane.store.writes import Absent, Put
from world.engines import CountedNonces, HandClock
from world.memory_engine import MemoryEngine
from world.meter import Meter

FIVE_A_MINUTE = Limit(Per.USER, 5, 60, 5, fails_open=False)
WIDE = Limit(Per.IP, 120, 60, 40, fails_open=True, shards=4)
LIMITS_HERE = {"narrow": FIVE_A_MINUTE, "wide": WIDE}
TOKEN_MS = 12_000
ANN = Spend("narrow", "ann")


class Signals:
    def __init__(self) -> None:
        self.seen: list[str] = []

    def count(self, name: str, **_: str | int) -> None:
        self.seen.append(name)


class House:
    """Tables, a clock, and any number of processes with buckets of their own."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.meter = Meter()
        self.engine = MemoryEngine(self.clock, self.meter)
        self.store = Store(self.engine, CountedNonces(), lambda _: None)
        self.signals = Signals()

    def process(self, limits: Mapping[str, Limit] = LIMITS_HERE) -> Buckets:
        return Buckets(self.store, self.clock, self.signals, limits)

    def calls(self) -> int:
        return sum(usage.calls for usage in self.meter.totals.values())


@pytest.fixture
def house() -> House:
    return House()


def passes(buckets: Buckets, *spends: Spend) -> bool:
    try:
        buckets.take(*spends)
    except TooManyError:
        return False
    return True


def wait_of(buckets: Buckets, *spends: Spend) -> int:
    with pytest.raises(TooManyError) as refused:
        buckets.take(*spends)
    return refused.value.retry_after


def test_the_burst_passes_and_the_next_one_is_told_the_exact_wait(house: House) -> None:
    # Given a bucket of five
    buckets = house.process()
    assert [passes(buckets, ANN) for _ in range(5)] == [True] * 5

    # When one more comes
    wait = wait_of(buckets, ANN)

    # Then it waits for exactly one token: not a moment less
    assert wait == 12
    house.clock.at += TOKEN_MS - 1
    assert not passes(buckets, ANN)
    house.clock.at += 1
    assert passes(buckets, ANN)
    assert not passes(buckets, ANN)


@pytest.mark.parametrize("knocks", [1, 50])
def test_a_refused_call_costs_its_sender_nothing(house: House, knocks: int) -> None:
    # Given an empty bucket
    buckets = house.process()
    for _ in range(5):
        buckets.take(ANN)
    mark = house.engine.mark()

    # When somebody knocks, once or many times, here and in another process
    other = house.process()
    for _ in range(knocks):
        assert not passes(buckets, ANN)
        assert not passes(other, ANN)

    # Then nothing was written, and the token comes at its time
    assert house.engine.mark() == mark
    house.clock.at += TOKEN_MS
    assert passes(buckets, ANN)


def test_an_idle_bucket_fills_up_and_no_further(house: House) -> None:
    buckets = house.process()
    for _ in range(5):
        buckets.take(ANN)
    house.clock.at += 100 * TOKEN_MS
    assert [passes(buckets, ANN) for _ in range(6)] == [True] * 5 + [False]


def test_everybody_has_a_bucket_of_their_own(house: House) -> None:
    buckets = house.process()
    for _ in range(6):
        passes(buckets, ANN)
    assert passes(buckets, Spend("narrow", "bob"))
    assert passes(buckets, Spend("wide", "ann"))


def test_aws_calls(house: House) -> None:
    # Given / When / Then the usual case is one call
    one, other = house.process(), house.process()

    def calls_of(buckets: Buckets) -> int:
        before = house.calls()
        passes(buckets, ANN)
        return house.calls() - before

    assert [calls_of(one) for _ in range(3)] == [1, 1, 1]
    # a process that has seen nothing guesses wrongly once
    assert [calls_of(other) for _ in range(2)] == [2, 1]
    # the first refusal learns, and then an empty bucket is known without asking
    assert [calls_of(one) for _ in range(20)] == [2] + [0] * 19
    assert [calls_of(house.process())] == [3]


def test_processes_share_one_bucket(house: House) -> None:
    processes = [house.process() for _ in range(8)]
    assert sum(passes(buckets, ANN) for buckets in processes for _ in range(8)) == 5


def test_two_limits_take_both_or_none(house: House) -> None:
    # Given somebody whose own bucket is empty, behind an address that has room
    buckets = house.process()
    for _ in range(5):
        buckets.take(ANN)
    address = Spend("wide", "192.0.2.1", "device-1")
    mark = house.engine.mark()

    # When / Then
    assert not passes(house.process(), ANN, address)
    assert house.engine.mark() == mark
    assert passes(house.process(), Spend("narrow", "bob"), address)


def order(number: int) -> Put:
    return Put(Key(Table.ORDERS, f"T{number}", "#ORDER"), {}, when=Absent(), otherwise=StateError("placed"))


def test_a_callers_transaction_takes_the_token(house: House) -> None:
    # Given
    buckets = house.process()
    before = house.calls()

    # When five orders are placed
    for number in range(5):
        buckets.commit((ANN,), order(number))

    # Then each was one call, and the sixth is refused with its wait and without an order
    assert house.calls() - before == 5
    with pytest.raises(TooManyError) as refused:
        house.process().commit((ANN,), order(5))
    assert refused.value.retry_after == 12
    assert len(house.engine.items(Table.ORDERS)) == 5


def test_a_replay_is_answered_though_the_bucket_is_empty(house: House) -> None:
    buckets = house.process()
    for number in range(5):
        buckets.commit((ANN,), order(number))
    mark = house.engine.mark()
    for process in (buckets, house.process()):
        with pytest.raises(StateError, match="placed"):
            process.commit((ANN,), order(0))
    assert house.engine.mark() == mark


def test_a_refusal_of_the_callers_own_kind(house: House) -> None:
    class TooManyKnocksError(TooManyError):
        pass

    buckets = house.process()
    spend = ANN._replace(refusal=TooManyKnocksError)
    for _ in range(5):
        buckets.take(spend)
    with pytest.raises(TooManyKnocksError):
        buckets.take(spend)


def test_an_address_is_spread_over_shards_and_none_is_left_unused(house: House) -> None:
    # Given four shards of ten, asked from many devices
    buckets = [house.process() for _ in range(4)]
    chance = random.Random(4)  # noqa: S311
    spends = [Spend("wide", "192.0.2.1", f"device-{chance.randrange(1_000)}") for _ in range(200)]

    # When / Then the whole burst passes, out of four items
    assert sum(passes(buckets[n % 4], spend) for n, spend in enumerate(spends)) == 40
    assert len(house.engine.items(Table.IDENTITY)) == 4


def test_one_device_alone_has_the_whole_limit_of_its_address(house: House) -> None:
    buckets = house.process()
    spend = Spend("wide", "192.0.2.1", "device-1")
    assert sum(passes(buckets, spend) for _ in range(100)) == 40


def test_one_customers_ipv6_network_is_one_address(house: House) -> None:
    buckets = house.process()
    spends = [Spend("wide", f"2001:db8:1:2::{n:x}", f"device-{n}") for n in range(1, 101)]
    assert sum(passes(buckets, spend) for spend in spends) == 40
    assert passes(buckets, Spend("wide", "2001:db8:1:3::1", "device-1"))


class Oracle:
    """A token bucket with exact fractions, which knows nothing of GCRA."""

    def __init__(self, limit: Limit, at: int) -> None:
        self.limit, self.at, self.tokens = limit, at, Fraction(limit.burst)

    def passes(self, now: int) -> bool:
        drip = Fraction((now - self.at) * self.limit.tokens, self.limit.seconds * 1_000)
        self.tokens, self.at = min(Fraction(self.limit.burst), self.tokens + drip), now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@pytest.mark.parametrize("seed", range(5))
def test_64_clients_get_what_an_ideal_bucket_gives(house: House, seed: int) -> None:
    # Given 64 processes that come at random moments of ten minutes, more often than the limit allows
    limit = Limit(Per.USER, 100, 60, 20, fails_open=False)
    processes = [house.process({"busy": limit}) for _ in range(64)]
    oracle, chance = Oracle(limit, house.clock.at), random.Random(seed)  # noqa: S311
    given = ideal = 0

    # When
    for _ in range(4_000):
        house.clock.at += chance.randrange(300)
        given += passes(chance.choice(processes), Spend("busy", "everybody"))
        ideal += oracle.passes(house.clock.at)

    # Then not one more or less
    assert ideal > 900
    assert given == ideal


class Broken:
    """An engine whose every write fails in the same way."""

    def __init__(self, failure: type[Exception]) -> None:
        self._failure = failure

    def __getattr__(self, _: str) -> Any:
        def fail(*_: object) -> None:
            raise self._failure

        return fail


@pytest.mark.parametrize("failure", [Throttled, AnswerLost])
def test_tables_out_of_reach(house: House, failure: type[Exception]) -> None:
    # Given
    engine: Any = Broken(failure)
    buckets = Buckets(Store(engine, CountedNonces(), lambda _: None), house.clock, house.signals, LIMITS_HERE)

    # When / Then the limit that fails open lets pass and says so, the other one does not
    buckets.take(Spend("wide", "192.0.2.1", "device-1"))
    assert house.signals.seen == ["LimitNotCounted"]
    with pytest.raises(UnavailableError):
        buckets.take(ANN)
    with pytest.raises(UnavailableError):
        buckets.take(Spend("wide", "192.0.2.1", "device-1"), ANN)


def test_a_bucket_is_forgotten_once_it_is_full(house: House) -> None:
    house.process().take(ANN)
    (item,) = house.engine.items(Table.IDENTITY)
    assert int(str(item["ttl"])) * 1_000 > house.clock.at + 5 * TOKEN_MS


def test_nothing_personal_is_in_a_key() -> None:
    assert "13800138000" not in str(bucket_key("sms_code_phone", "13800138000"))


def test_what_the_settings_change() -> None:
    limits = limits_of(Settings(limits="login_ip=600/30/900,export_user=1/60/1"))
    assert limits["login_ip"][1:4] == (600, 30, 900)
    assert limits["export_user"][1:4] == (1, 60, 1)
    assert limits["sms_code_phone"] == LIMITS["sms_code_phone"]


@pytest.mark.parametrize(
    "text",
    ["nobody=1/1/1", "login_ip=1/1", "login_ip=a/1/1", "login_ip=0/60/9", "login_ip=1/0/9", "login_ip=9/9/3"],
)
def test_settings_that_cannot_be(text: str) -> None:
    with pytest.raises(LimitsInvalidError):
        limits_of(Settings(limits=text))


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
        ("test-invoke", "test-invoke"),
    ],
)
def test_who_an_address_is(ip: str, network: str) -> None:
    assert network_of(ip) == network
