"""The room's front desk: what orders ask of routing (PY5, PY6). One for a process; the wiring builds it.

Calls to AWS: one BatchGet in 5 seconds for all questions together; a reservation rides in the caller's
transaction; reports as `feedback` tells.
"""

from collections.abc import Callable, Mapping, Sequence

from octane.channels.port import ChannelName
from octane.kernel.clock import Clock
from octane.kernel.money import Fen
from octane.routing.decide import decide, draw_of
from octane.routing.decisions import Circuit, Decision, Health, Outcome, RouteRequest
from octane.routing.defaults import default_rules
from octane.routing.feedback import Feedback
from octane.routing.health import OUTSIDE, ChannelRecord
from octane.routing.quota import Reservation, beijing_day, commit_reserved, left_of, read_used
from octane.routing.reader import CACHE_MS, HealthReader, Snapshot
from octane.routing.stored import to_json
from octane.rulebook.errors import RulesTableError
from octane.store.store import Store
from octane.store.writes import Update


class Router:
    def __init__(self, store: Store, clock: Clock, cache_ms: int = CACHE_MS) -> None:
        self._store = store
        self._clock = clock
        self._reader = HealthReader(store, clock, cache_ms)
        self._feedback = Feedback(store, clock, self._reader)

    def snapshot(self) -> Snapshot:
        """The rules, health and quotas in force, at most some seconds old."""
        return self._reader.snapshot()

    def health(self) -> Mapping[ChannelName, Health]:
        """How each channel is, with this process's own experience."""
        records = self.snapshot().records
        return {c: records[c].health(cooling=self._feedback.cooling(c)) for c in OUTSIDE}

    def decide(self, request: RouteRequest) -> Decision:
        """Choose a method, or none; the decision is to be stored with the attempt (`stored.to_json`)."""
        now, known = self._clock.now(), self._reader.known()
        day = beijing_day(now)
        left = {
            channel: left_of(plan, used)
            for channel, used in (known.used.items() if known.day == day else ())
            if (plan := known.rules.quota(channel, day)) is not None
        }
        draw, health = draw_of(request.attempt_no), self.health()
        try:
            return decide(request, known.rules, health, left, draw, now)
        except RulesTableError:  # stored past `publish`, or by another version of the engine
            return decide(request, default_rules(), health, left, draw, now)

    def text_of(self, decision: Decision) -> str:
        """A decision as it is stored with its attempt."""
        return to_json(decision).decode()

    def may_call(self, channel: ChannelName) -> bool:
        """Whether a channel that the customer named should be called at all; the wallet always."""
        health = self.health().get(channel)
        return health is None or (health.circuit is Circuit.CLOSED and not health.cooling)

    def report(self, channel: ChannelName, attempt_no: str, outcome: Outcome, latency_ms: int) -> None:
        """Tell what a call to a channel showed; never raises for a table that does not answer."""
        if channel in OUTSIDE:
            self._feedback.report(channel, attempt_no, outcome, latency_ms)

    def probes_due(self) -> list[ChannelRecord]:
        """The sick channels whose pause is over."""
        now = self._clock.now()
        return [record for record in self.snapshot().records.values() if record.probe_due(now)]

    def claim_probe(self, channel: ChannelName, by: str) -> bool:
        """Take the one probe of a sick channel; on True make one call and report its outcome under `by`."""
        return self._feedback.claim_probe(channel, by)

    def commit_reserved(
        self,
        channel: ChannelName,
        attempt_no: str,
        amount: Fen,
        commit: Callable[[Reservation | None, tuple[Update, ...]], None],
    ) -> Reservation | None:
        """Commit with the channel's quota reserved, or as it is when the channel has none (None).

        Raises `QuotaExhaustedError` when there is no room; see `quota.commit_reserved`.
        """
        now, known = self._clock.now(), self._reader.known()
        day = beijing_day(now)
        plan = known.rules.quota(channel, day)
        if plan is None:
            commit(None, ())
            return None

        def read() -> Sequence[int]:
            used = read_used(self._store, plan, channel, day)
            self._reader.learn_used(channel, day, used)
            return used

        used = known.used.get(channel) if known.day == day else None
        return commit_reserved(plan, channel, attempt_no, amount, now, commit, read, used)
