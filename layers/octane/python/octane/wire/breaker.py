"""A circuit breaker for each host (PY7): a provider that is down is not waited for by every request."""

from dataclasses import dataclass
from threading import Lock

from octane.kernel.clock import SECOND, Clock, Instant, later

FAILURES = 5
OPEN_MS = 20 * SECOND
START = Instant(0)


@dataclass(slots=True)
class _Circuit:
    failures: int = 0
    probe_at: Instant = START
    """While open: the moment from which one probe may pass."""


class Breaker:
    """Consecutive failures open a host's circuit, and one time-out does: a dead host costs a process one wait
    in a pause. After the pause one call probes it, and its outcome decides.

    The state is this process's own: it protects the caller's time and decides nothing about money.
    """

    def __init__(self, clock: Clock, failures: int = FAILURES, open_ms: int = OPEN_MS) -> None:
        self._clock = clock
        self._failures = failures
        self._open_ms = open_ms
        self._circuits: dict[str, _Circuit] = {}
        self._lock = Lock()

    def allows(self, host: str) -> bool:
        """Say whether a call may go out now; a yes on an open circuit makes that call the probe."""
        with self._lock:
            circuit = self._circuits.setdefault(host, _Circuit())
            if circuit.failures < self._failures:
                return True
            now = self._clock.now()
            if now < circuit.probe_at:
                return False
            # The pause starts again: a probe that never reports back cannot hold the circuit open for ever.
            circuit.probe_at = later(now, self._open_ms)
            return True

    def succeeded(self, host: str) -> None:
        with self._lock:
            self._circuits[host] = _Circuit()

    def failed(self, host: str, *, kept_waiting: bool = False) -> None:
        with self._lock:
            circuit = self._circuits.setdefault(host, _Circuit())
            circuit.failures += self._failures if kept_waiting else 1
            if circuit.failures >= self._failures:
                circuit.probe_at = later(self._clock.now(), self._open_ms)
