"""Three processes with clocks of their own, one breaker: whatever the order, it keeps its promises (PY6)."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from unit.routing.samples import NOON, WECHAT

from octane.kernel.clock import SECOND, Instant
from octane.routing.decisions import Circuit, Outcome
from octane.routing.health import ChannelRecord, health_key, record_of
from octane.routing.router import Router
from octane.routing.rules import BreakerRule
from octane.store.store import Store
from world.engines import CountedNonces, HandClock
from world.memory_engine import MemoryEngine

RULES = BreakerRule()
PROCESSES = st.integers(0, 2)
BAD = st.sampled_from([Outcome.CHANNEL_ERROR, Outcome.TIMEOUT])


class OffsetClock:
    def __init__(self, clock: HandClock, offset_ms: int) -> None:
        self.clock, self.offset_ms = clock, offset_ms

    def now(self) -> Instant:
        return Instant(self.clock.at + self.offset_ms)


class Breaker(RuleBasedStateMachine):
    """Every step compares the item before with the one after: only the allowed moves, for the right cause."""

    @initialize(offsets=st.lists(st.integers(-3_000, 3_000), min_size=3, max_size=3))
    def begin(self, offsets):
        self.clock = HandClock(NOON)
        self.store = Store(MemoryEngine(self.clock), CountedNonces(), pause=lambda attempt: None)
        self.clocks = [OffsetClock(self.clock, offset) for offset in offsets]
        self.routers = [Router(self.store, clock) for clock in self.clocks]
        self.made = 0
        self.probes: list[tuple[int, str]] = []
        """(process, name) of every probe that was granted and has not reported."""
        self.failing: set[str] = set()
        """Attempts whose failure was reported since the circuit closed last."""
        self.before = self.read()

    def read(self) -> ChannelRecord:
        return record_of(WECHAT, self.store.get(health_key(WECHAT)))

    @rule(seconds=st.sampled_from([1, 6, 19, 21, 59, 61, 301]))
    def wait(self, seconds):
        self.clock.at += seconds * SECOND

    @rule(process=PROCESSES)
    def succeed(self, process):
        before = self.read()
        self.made += 1
        self.routers[process].report(WECHAT, f"A{self.made}", Outcome.OK, 20)
        after = self.read()
        assert after.circuit is before.circuit, "a payment's success moves no open circuit"
        assert after.run in {before.run, 0}

    @rule(process=PROCESSES, outcome=BAD, again=st.integers(0, 3))
    def fail(self, process, outcome, again):
        before = self.read()
        name = f"A{max(1, self.made - again)}" if again else f"F{self.made}"
        self.made += 1
        self.routers[process].report(WECHAT, name, outcome, 0)
        self.failing.add(name)
        after = self.read()
        assert after.bad + after.before_bad <= before.bad + before.before_bad + 1
        if before.circuit is not Circuit.CLOSED:
            assert after.circuit is before.circuit
        elif after.circuit is Circuit.OPEN:
            share = (after.bad + after.before_bad) * 1_000_000 >= RULES.failure_ppm * after.calls
            assert after.run >= RULES.failures or (after.calls >= RULES.least_calls and share)
            assert len(self.failing) >= min(RULES.failures, RULES.least_calls // 2)

    @rule(process=PROCESSES)
    def claim(self, process):
        before, now = self.read(), self.clocks[process].now()
        self.made += 1
        granted = self.routers[process].claim_probe(WECHAT, f"P{self.made}")
        assert granted == before.probe_due(now)
        if granted:
            self.probes.append((process, f"P{self.made}"))
            assert self.read().probe_by == f"P{self.made}"

    @rule(which=st.integers(0, 100), outcome=st.sampled_from(Outcome))
    def probe_reports(self, which, outcome):
        if not self.probes:
            return
        process, name = self.probes.pop(which % len(self.probes))
        before = self.read()
        self.routers[process].report(WECHAT, name, outcome, 20)
        after = self.read()
        if before.probe_by != name:
            assert after.circuit is before.circuit, "only who holds the probe decides"
        elif outcome is Outcome.OK:
            assert (after.circuit, after.run, after.calls) == (Circuit.CLOSED, 0, 1)
            self.failing.clear()
        else:
            assert after.circuit is Circuit.OPEN
            assert after.pause_ms == min(RULES.longest_pause_ms, 2 * before.pause_ms)

    @rule(process=PROCESSES)
    def a_new_process(self, process):
        """What it had not written is lost; nothing else is."""
        self.probes = [(owner, name) for owner, name in self.probes if owner != process]
        self.routers[process] = Router(self.store, self.clocks[process])

    @invariant()
    def the_item_is_whole(self):
        found = self.read()
        assert min(found.ok, found.bad, found.latency_ms, found.run, found.version) >= 0
        assert (found.circuit is Circuit.HALF_OPEN) == bool(found.probe_by)
        assert found.version >= self.before.version
        assert found.circuit is not Circuit.OPEN or found.retry_at - found.opened_at == found.pause_ms
        assert found.pause_ms <= RULES.longest_pause_ms
        self.before = found

    @invariant()
    def decisions_never_go_to_an_open_circuit_that_is_known(self):
        for router in self.routers:
            known = router.snapshot().records[WECHAT].circuit
            assert known is Circuit.CLOSED or not router.may_call(WECHAT)

    def teardown(self):
        """Whatever happened, a healthy channel is in use again after one pause and one probe."""
        if not hasattr(self, "store"):
            return
        self.clock.at += RULES.longest_pause_ms + RULES.lease_ms + 6 * SECOND
        router = Router(self.store, self.clock)
        for due in router.probes_due():
            assert router.claim_probe(due.channel, "last")
            router.report(due.channel, "last", Outcome.OK, 10)
        assert router.may_call(WECHAT)


TestBreaker = Breaker.TestCase
TestBreaker.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
