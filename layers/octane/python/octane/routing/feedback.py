"""Feedback: what the calls to channels showed, told to all functions at little cost (PY6).

Calls to AWS for one report:

- a success in quiet times: none; every 20th of a channel in a process (or the first one 5 minutes after an
  unwritten one) makes one, and every 50th call of the channel one more, which moves the window on;
- the first success that a process sees after a failure: one, and it takes the unwritten ones along;
- a failure: one; with each other process that writes at the same moment two more, at most five in all; none
  once the circuit is known to be open;
- a probe's outcome: one for a success, two for a failure.

An attempt is counted once in a process, and its failure once in all. A caller that reports a success only
after the commit which moved the attempt forward counts it once in all, too: one commit wins.

A report is advice. When the table does not answer it is lost, and nobody's payment with it.
"""

from octane.channels.port import ChannelName
from octane.kernel.clock import SECOND, Clock, Instant, later
from octane.kernel.errors import UnavailableError
from octane.routing import health
from octane.routing.decisions import Circuit, Outcome
from octane.routing.health import NO_SUCCESSES, ChannelRecord, Successes
from octane.routing.reader import HealthReader
from octane.routing.rules import BreakerRule
from octane.store.store import Store
from octane.store.writes import ChangedMeanwhileError, Update

BATCH = 20
OLDEST_MS = 300 * SECOND
TRIES = 3
REMEMBERED = 512
LONGEST_MS = 600 * SECOND


class Feedback:
    """One for a process."""

    def __init__(self, store: Store, clock: Clock, reader: HealthReader) -> None:
        self._store = store
        self._clock = clock
        self._reader = reader
        self._unwritten: dict[ChannelName, tuple[Successes, Instant]] = {}
        self._cool_until: dict[ChannelName, Instant] = {}
        self._counted: dict[tuple[ChannelName, str], None] = {}

    def cooling(self, channel: ChannelName) -> bool:
        """Whether this process should leave the channel alone: it has just waited for it in vain."""
        until = self._cool_until.get(channel)
        if until is None:
            return False
        left = until - self._clock.now()
        return 0 < left <= self._breaker.cool_down_ms  # more is left only when the clock was set back

    def report(self, channel: ChannelName, attempt_no: str, outcome: Outcome, latency_ms: int) -> None:
        """Count one call. `latency_ms` counts for successes."""
        if outcome is Outcome.TIMEOUT:
            self._cool_until[channel] = later(self._clock.now(), self._breaker.cool_down_ms)
        record = self._reader.record(channel)
        is_probe = record.circuit is Circuit.HALF_OPEN and record.probe_by == attempt_no
        if not self._is_new(channel, attempt_no) and not is_probe:
            return
        waited = min(max(latency_ms, 0), LONGEST_MS)
        try:
            if is_probe:
                self._end_probe(channel, attempt_no, outcome, waited)
            elif outcome is Outcome.OK:
                self._succeeded(record, waited)
            else:
                self._failed(record, attempt_no)
        except UnavailableError:
            return

    def claim_probe(self, channel: ChannelName, by: str) -> bool:
        """Take the channel's only probe, or learn that it is not due or somebody else's: one call.

        `by` is the attempt's number, or any name that no other prober has; report the outcome under it.
        """
        try:
            claimed = health.probe_claimed(channel, by, self._clock.now(), self._breaker)
            self._reader.learn(channel, self._store.take(claimed))
        except (ChangedMeanwhileError, UnavailableError):
            return False
        return True

    @property
    def _breaker(self) -> BreakerRule:
        return self._reader.snapshot().rules.breaker

    def _is_new(self, channel: ChannelName, attempt_no: str) -> bool:
        if (channel, attempt_no) in self._counted:
            return False
        self._counted[channel, attempt_no] = None
        if len(self._counted) > REMEMBERED:
            del self._counted[next(iter(self._counted))]
        return True

    def _succeeded(self, record: ChannelRecord, latency_ms: int) -> None:
        channel, now = record.channel, self._clock.now()
        self._cool_until.pop(channel, None)
        good, since = self._unwritten.get(channel, (NO_SUCCESSES, now))
        good = Successes(good.calls + 1, good.latency_ms + latency_ms, now)
        self._unwritten[channel] = good, since
        if record.circuit is Circuit.CLOSED and record.run and self._end_run(channel, good):
            return
        if good.calls >= BATCH or abs(now - since) >= OLDEST_MS:
            self._unwritten.pop(channel, None)
            self._write(channel, health.succeeded(channel, good))

    def _end_run(self, channel: ChannelName, good: Successes) -> bool:
        self._unwritten.pop(channel, None)
        try:
            self._write(channel, health.run_ended(channel, good))
        except ChangedMeanwhileError:  # somebody else ended it, or it has opened
            self._unwritten[channel] = good, self._clock.now()
            return False
        return True

    def _failed(self, record: ChannelRecord, attempt_no: str) -> None:
        channel = record.channel
        good, _ = self._unwritten.pop(channel, (NO_SUCCESSES, Instant(0)))
        for attempt in range(TRIES):
            if attempt:
                record = self._reader.read_record(channel)
            update = health.failed(record, attempt_no, good, self._clock.now(), self._breaker)
            if update is None:
                return
            try:
                self._write(channel, update)
            except ChangedMeanwhileError:
                continue
            return

    def _end_probe(self, channel: ChannelName, by: str, outcome: Outcome, latency_ms: int) -> None:
        try:
            if outcome is Outcome.OK:
                self._cool_until.pop(channel, None)
                self._write(channel, health.probe_succeeded(channel, by, latency_ms))
                return
            record = self._reader.read_record(channel)
            self._write(channel, health.probe_failed(record, by, self._clock.now(), self._breaker))
        except ChangedMeanwhileError:  # the lease was over, and somebody else probes or has probed
            self._reader.read_record(channel)

    def _write(self, channel: ChannelName, update: Update) -> None:
        record = self._reader.learn(channel, self._store.take(update))
        if health.half_is_full(record, self._reader.snapshot().rules.window):
            try:
                self._reader.learn(channel, self._store.take(health.moved_on(record)))
            except ChangedMeanwhileError:  # somebody else has moved it on
                return
