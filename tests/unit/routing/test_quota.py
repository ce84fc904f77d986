"""A quota is never passed at any concurrency, and used to the last fen when it is asked for (PY5)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from unit.routing.samples import ALIPAY, DAY, NOON, WECHAT, quotas, request

from octane.channels.port import PaymentMethod
from octane.kernel.clock import SECOND, Instant
from octane.kernel.money import Fen
from octane.routing.decisions import Exclusion
from octane.routing.quota import (
    KEPT_SECONDS,
    QuotaBrokenError,
    QuotaExhaustedError,
    Reservation,
    beijing_day,
    commit_reserved,
    left_of,
    quota_key,
    read_used,
    releasing,
    reserve,
    reserving,
    shard_limits,
)
from octane.routing.rules import QuotaPlan
from octane.store.items import Key, Table
from octane.store.store import Store
from octane.store.writes import Absent, Put
from world.engines import CountedNonces, HandClock
from world.memory_engine import MemoryEngine

NOW = Instant(NOON)


def new_store() -> Store:
    return Store(MemoryEngine(HandClock(NOON)), CountedNonces(), pause=lambda attempt: None)


def taken(store, plan, attempt_no, amount, now=NOW):
    """Reserve as a payment does: with an item of its own in the same transaction."""
    attempt = Put(Key(Table.ORDERS, attempt_no, "A"), {"amount": amount}, when=Absent())
    return commit_reserved(
        plan,
        WECHAT,
        attempt_no,
        Fen(amount),
        now,
        commit=lambda _, writes: store.commit(*writes, attempt),
        read=lambda: read_used(store, plan, WECHAT, beijing_day(now)),
    )


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-11-22T15:59:59", "20261122"),
        ("2026-11-22T16:00:00", "20261123"),
        ("2026-12-31T16:00", "20270101"),
    ],
)
def test_the_day_is_beijings(moment, day):
    assert (
        beijing_day(Instant(int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp() * 1000)))
        == day
    )


@given(st.integers(0, 10**13), st.integers(1, 16), st.integers(0, 10**6))
def test_shards_add_up_and_grow_together(limit, shards, more):
    limits = shard_limits(QuotaPlan(DAY, Fen(limit), shards))
    assert sum(limits) == limit
    assert max(limits) - min(limits) <= 1
    grown = shard_limits(QuotaPlan(DAY, Fen(limit + more), shards))
    assert all(after >= before for before, after in zip(limits, grown, strict=True))


@given(
    st.integers(0, 1_000),
    st.integers(1, 8),
    st.integers(1, 1_200),
    st.lists(st.integers(0, 200), min_size=8, max_size=8),
)
def test_there_is_a_way_exactly_when_there_is_room(limit, shards, amount, spent):
    plan = QuotaPlan(DAY, Fen(limit), shards)
    used = tuple(spent[:shards])
    ways = reserve(plan, WECHAT, DAY, "attempt", Fen(amount), used)
    assert bool(ways) == (left_of(plan, used) >= amount)
    for way in ways:
        assert way.amount == amount
        assert len({shard for shard, _ in way.parts}) == len(way.parts)
        assert all(0 < part <= shard_limits(plan)[shard] - used[shard] for shard, part in way.parts)
        assert Reservation.of_text(way.text) == way


@pytest.mark.parametrize("amount", [0, -5])
def test_nothing_is_no_amount(amount):
    assert reserve(QuotaPlan(DAY, Fen(9), 1), WECHAT, DAY, "A", Fen(amount)) == []


def test_attempts_spread_over_the_shards():
    plan = QuotaPlan(DAY, Fen(10**9), 8)
    firsts = {reserve(plan, WECHAT, DAY, f"O{n:03}", Fen(1))[0].parts[0][0] for n in range(64)}
    assert firsts == set(range(8))


def test_an_amount_larger_than_any_shard_is_placed_in_parts():
    store, plan = new_store(), QuotaPlan(DAY, Fen(100), 8)
    found = taken(store, plan, "A", 99)
    assert (found.amount, len(found.parts)) == (99, 8)
    assert taken(store, plan, "B", 1).amount == 1
    with pytest.raises(QuotaExhaustedError):
        taken(store, plan, "C", 1)


def test_what_is_left_in_pieces_is_still_used():
    """Given 7 of 10 used in each of four shards, when 12 are asked for, then the four pieces of 3 serve."""
    store, plan = new_store(), QuotaPlan(DAY, Fen(40), 4)
    for shard in range(4):
        store.commit(*reserving(plan, Reservation(WECHAT, DAY, ((shard, 7),)), NOW))
    assert sorted(taken(store, plan, "A", 12).parts) == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_a_reservation_over_the_shards_limit_is_refused_even_on_an_empty_shard():
    with pytest.raises(QuotaExhaustedError):
        reserving(QuotaPlan(DAY, Fen(40), 4), Reservation(WECHAT, DAY, ((0, 11),)), NOW)


@given(
    st.integers(0, 600),
    st.integers(1, 8),
    st.lists(st.integers(1, 90), min_size=1, max_size=64),
)
@settings(max_examples=25, deadline=None, derandomize=True)
def test_threads_never_pass_the_limit(limit, shards, amounts):
    store, plan = new_store(), QuotaPlan(DAY, Fen(limit), shards)

    def pays(numbered):
        number, amount = numbered
        try:
            return taken(store, plan, f"A{number}", amount).amount
        except QuotaExhaustedError:
            return 0

    with ThreadPoolExecutor(16) as pool:
        total = sum(pool.map(pays, enumerate(amounts)))
    used = read_used(store, plan, WECHAT, DAY)
    assert sum(used) == total <= limit
    assert all(fen <= most for fen, most in zip(used, shard_limits(plan), strict=True))


def test_64_equal_payers_use_it_up_exactly():
    store, plan = new_store(), QuotaPlan(DAY, Fen(40 * 100), 4)

    def pays(number):
        try:
            taken(store, plan, f"A{number}", 100)
        except QuotaExhaustedError:
            return 0
        return 1

    with ThreadPoolExecutor(64) as pool:
        paid = sum(pool.map(pays, range(64)))
    assert paid * 100 == sum(read_used(store, plan, WECHAT, DAY)) <= 4_000
    for number in range(64, 64 + 40 - paid):  # whom the crowd pushed aside finds the room afterwards
        taken(store, plan, f"A{number}", 100)
    assert sum(read_used(store, plan, WECHAT, DAY)) == 4_000


def test_a_failed_commit_reserves_nothing():
    store, plan = new_store(), QuotaPlan(DAY, Fen(100), 2)
    taken(store, plan, "A", 10)
    with pytest.raises(Exception, match="Somebody else"):
        taken(store, plan, "A", 10)
    assert sum(read_used(store, plan, WECHAT, DAY)) == 10


def test_what_is_given_back_can_be_used_again():
    store, plan = new_store(), QuotaPlan(DAY, Fen(10), 3)
    found = taken(store, plan, "A", 10)
    store.commit(*releasing(found, NOW))
    assert read_used(store, plan, WECHAT, DAY) == (0, 0, 0)
    assert taken(store, plan, "B", 10).amount == 10


def test_more_than_was_reserved_is_not_given_back():
    store, plan = new_store(), QuotaPlan(DAY, Fen(10), 1)
    found = taken(store, plan, "A", 4)
    store.commit(*releasing(found, NOW))
    with pytest.raises(QuotaBrokenError):
        store.commit(*releasing(found, NOW))


def test_when_the_day_is_over_nothing_is_given_back():
    found = Reservation(WECHAT, DAY, ((0, 5),))
    assert releasing(found, Instant(NOON + 12 * 3_600 * SECOND)) == ()
    assert len(releasing(found, Instant(NOON + 12 * 3_600 * SECOND - 1))) == 1
    assert len(releasing(found, Instant(NOON - 24 * 3_600 * SECOND))) == 1, "a clock that is behind"


def test_items_leave_after_three_days():
    store, plan = new_store(), QuotaPlan(DAY, Fen(10), 1)
    taken(store, plan, "A", 4)
    item = store.get(quota_key(WECHAT, DAY, 0))
    assert (item["used"], item["ttl"]) == (4, NOON // SECOND + KEPT_SECONDS)


def test_in_quiet_times_it_costs_no_call_of_its_own(router, store, published, meter):
    published(quotas=quotas(100_000))
    router.snapshot()
    meter.reset()
    attempt = Put(Key(Table.ORDERS, "A", "A"), {}, when=Absent())
    found = router.commit_reserved(
        WECHAT, "A", Fen(500), lambda reservation, writes: store.commit(*writes, attempt)
    )
    assert found.amount == 500
    assert meter.totals["(no operation)"].by_call == {"transact": 1}


def test_a_channel_without_a_quota_commits_as_it_is(router, published):
    published(quotas=quotas(100_000))
    seen = []
    assert router.commit_reserved(ALIPAY, "A", Fen(500), lambda *given: seen.append(given)) is None
    assert seen == [(None, ())]


def test_an_exhausted_quota_is_learnt_and_the_next_attempt_goes_elsewhere(router, store, published, clock):
    published(quotas=quotas(10_000, shards=2))
    router.snapshot()
    clock.at += 5 * SECOND

    def pays(attempt_no):
        return router.commit_reserved(WECHAT, attempt_no, Fen(6_000), lambda _, writes: store.commit(*writes))

    assert router.decide(request(amount=Fen(6_000))).winner is PaymentMethod.WECHAT_NATIVE
    pays("A")
    with pytest.raises(QuotaExhaustedError):
        pays("B")
    decision = router.decide(request(amount=Fen(6_000)))
    assert decision.winner is PaymentMethod.ALIPAY_NATIVE
    assert decision.exclusion(PaymentMethod.WECHAT_NATIVE) is Exclusion.QUOTA_EXHAUSTED
    assert decision.left == {WECHAT: 4_000}
    clock.at += 12 * 3_600 * SECOND
    assert router.decide(request(amount=Fen(6_000))).winner is PaymentMethod.WECHAT_NATIVE, "another day"


def test_yesterdays_use_does_not_count_in_the_first_seconds_of_a_day(router, store, published, clock):
    published(quotas=quotas(10_000, shards=1))
    router.snapshot()
    clock.at = NOON + 12 * 3_600 * SECOND - 1 * SECOND
    router.commit_reserved(WECHAT, "A", Fen(10_000), lambda _, writes: store.commit(*writes))
    with pytest.raises(QuotaExhaustedError):
        router.commit_reserved(WECHAT, "B", Fen(1), lambda _, writes: store.commit(*writes))
    clock.at += 2 * SECOND
    assert router.decide(request()).winner is PaymentMethod.WECHAT_NATIVE
    assert router.commit_reserved(WECHAT, "C", Fen(10_000), lambda _, writes: store.commit(*writes))


def test_a_quota_that_ended_is_forgotten_with_what_was_used(router, published, clock):
    published(quotas=quotas(10_000))
    router.snapshot()
    clock.at += 5 * SECOND
    assert router.snapshot().used == {WECHAT: (0, 0, 0, 0)}
    published(quotas={})
    clock.at += 5 * SECOND
    assert router.snapshot().used == {}


class Quota(RuleBasedStateMachine):
    """Reserve and release in any order, with plans that grow: the sum is what is held, within the limit."""

    @initialize(limit=st.integers(0, 300), shards=st.integers(1, 5))
    def begin(self, limit, shards):
        self.store, self.plan = new_store(), QuotaPlan(DAY, Fen(limit), shards)
        self.stale = self.plan
        self.held: list[Reservation] = []
        self.made = 0

    @rule(amount=st.integers(1, 120), by_old_rules=st.booleans())
    def reserve(self, amount, by_old_rules):
        self.made += 1
        plan = self.stale if by_old_rules else self.plan
        try:
            self.held.append(taken(self.store, plan, f"A{self.made}", amount))
        except QuotaExhaustedError:
            assert left_of(plan, read_used(self.store, plan, WECHAT, DAY)) < amount

    @precondition(lambda self: self.held)
    @rule(which=st.integers(0, 1_000))
    def release(self, which):
        self.store.commit(*releasing(self.held.pop(which % len(self.held)), NOW))

    @rule(more=st.integers(0, 100))
    def grow(self, more):
        self.stale, self.plan = self.plan, self.plan._replace(limit=Fen(self.plan.limit + more))

    @invariant()
    def within_the_limit(self):
        used = read_used(self.store, self.plan, WECHAT, DAY)
        assert sum(used) == sum(found.amount for found in self.held) <= self.plan.limit


TestQuota = Quota.TestCase
TestQuota.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
