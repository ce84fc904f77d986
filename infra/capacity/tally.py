"""What a simulated run saw: how long requests took, what was refused, what was used."""

from collections import Counter, defaultdict
from typing import NamedTuple

from capacity.limits import COSTS


class Spread(NamedTuple):
    """Seconds."""

    p50: float
    p95: float
    p99: float
    most: float


def spread(values: list[float]) -> Spread:
    """Percentiles by the nearest rank; of nothing, zeros."""
    if not values:
        return Spread(0, 0, 0, 0)
    ranked = sorted(values)
    p50, p95, p99 = (ranked[min(len(ranked) - 1, int(len(ranked) * share))] for share in (0.50, 0.95, 0.99))
    return Spread(p50, p95, p99, ranked[-1])


class Tally:
    """Of one run. Times are seconds since its start."""

    def __init__(self) -> None:
        self.took: dict[str, list[float]] = defaultdict(list)
        """By operation: from a client's first try to its answer, refusals and waits in between included."""
        self.ended: Counter[str] = Counter()
        """How people's stories ended."""
        self.refused: Counter[str] = Counter()
        """By what refused: `gateway`, `lambda`, `partition`, `table`, `conflict`."""
        self.refused_at: Counter[int] = Counter()
        """Second → refusals of a client's request."""
        self.cold: Counter[str] = Counter()
        self.invoked: Counter[str] = Counter()
        self.requested_at: dict[str, Counter[int]] = defaultdict(Counter)
        """By function: second → requests, without what Lambda polls itself."""
        self.running: Counter[str] = Counter()
        self.peak: Counter[str] = Counter()
        """By function: most at once."""
        self.running_at: dict[int, Counter[str]] = defaultdict(Counter)
        """Tenth of a second → most at once."""
        self.written_at: dict[str, Counter[int]] = defaultdict(Counter)
        """By place: second → write units."""
        self.used: Counter[str] = Counter()
        """By what is paid for, in the units of `COSTS`."""
        self.spent_gb_s = 0.0
        self.ready_gb_s = 0.0

    def begin(self, function: str, now: float) -> None:
        self.invoked[function] += 1
        self.running[function] += 1
        at_once = self.running[function]
        self.peak[function] = max(self.peak[function], at_once)
        tenth = self.running_at[int(now * 10)]
        tenth[function] = max(tenth[function], at_once)

    def refuse(self, why: str, now: float) -> None:
        self.refused[why] += 1
        if why in {"gateway", "lambda", "store"}:
            self.refused_at[int(now)] += 1

    def most_written(self, place: str) -> int:
        """In any second."""
        return max(self.written_at[place].values(), default=0)

    def most_requested(self, *functions: str) -> int:
        """In any second, of all these together."""
        together = sum((self.requested_at[function] for function in functions), Counter[int]())
        return max(together.values(), default=0)

    def p99(self, *operations: str) -> float:
        """Of the slowest of these."""
        return max(spread(self.took[operation]).p99 for operation in operations)

    @property
    def throttled(self) -> int:
        """Requests of clients that were told to come again."""
        return sum(self.refused_at.values())

    def cost_usd(self, provisioned_gb_s: float) -> float:
        """Of the run, with environments kept ready for so many GB-seconds."""
        paid = {
            "lambda_request": float(sum(self.invoked.values())),
            "lambda_gb_s": self.spent_gb_s,
            "ready_gb_s": self.ready_gb_s,
            "provisioned_gb_s": provisioned_gb_s,
            **{name: float(count) for name, count in self.used.items()},
        }
        return sum(COSTS[name].value * amount for name, amount in paid.items())
