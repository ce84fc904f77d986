"""The tanks: litres of each grade in each group of stations."""

from dataclasses import asdict, dataclass

from simulators.protocol import Json, Now


@dataclass(frozen=True, slots=True)
class Tank:
    grade: str
    group: str
    litres: int
    threshold_litres: int
    """Below it the grade is short there."""
    measured_at: int
    """Epoch ms."""


GROUPS = ("EAST", "WEST")
USUAL = {"92": (600_000, 150_000), "95": (400_000, 100_000), "98": (90_000, 30_000), "0": (500_000, 120_000)}
"""Litres and threshold of each grade in each group, as it begins."""


class Tanks:
    def __init__(self, now: Now) -> None:
        self._now = now
        self._tanks: dict[tuple[str, str], Tank] = {}
        self.stopped = False
        """The gauges: what they tell no longer changes its time."""
        for grade, (litres, threshold) in USUAL.items():
            for group in GROUPS:
                self.fill(grade, group, litres, threshold)

    def fill(self, grade: str, group: str, litres: int, threshold: int | None = None) -> Tank:
        """Set a tank; one that is not there yet is built. Raises `ValueError`."""
        known = self._tanks.get((grade, group))
        if threshold is None:
            threshold = known.threshold_litres if known else 0
        if not grade or not group or litres < 0 or threshold < 0:
            raise ValueError("a tank has grade, group, and litres from 0")
        tank = Tank(grade, group, litres, threshold, self._now())
        self._tanks[grade, group] = tank
        return tank

    def view(self) -> list[Json]:
        """Every tank, measured now unless the gauges are stopped."""
        found = [asdict(tank) for tank in self._tanks.values()]
        return found if self.stopped else [tank | {"measured_at": self._now()} for tank in found]
