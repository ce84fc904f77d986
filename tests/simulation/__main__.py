"""`python -m simulation`: prove the money, replay one schedule, or show that planted bugs are found."""

import argparse
import json
import sys
from collections import Counter
from time import monotonic

from simulation.explore import Plan, Tally, explore, shrink
from simulation.faults import parse_schedule
from simulation.killing import kill_all
from simulation.play import play

EACH_SECONDS = 10


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m simulation", description=__doc__)
    parser.add_argument("--seed", help="a random world's number, or a schedule story/seed/faults: show it")
    parser.add_argument("--schedules", type=int, default=42_000, help="how many to play (default 42000)")
    parser.add_argument("--seconds", type=float, default=900, help="stop after so long (default 900)")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--mutants", action="store_true", help="plant each bug and show that it is found")
    asked = parser.parse_args()
    if asked.seed:
        return replay(asked.seed)
    if asked.mutants:
        return kill_all(processes=asked.processes, seconds=asked.seconds)
    return prove(asked.schedules, asked.seconds, asked.processes)


def replay(seed: str) -> int:
    """Print the timeline of one schedule; the same bytes every time."""
    outcome = play(parse_schedule(seed), tracing=True)
    show(outcome.lines)
    print(f"schedule {outcome.exact}")
    return 1 if outcome.invariant else 0


def show(lines: tuple[str, ...]) -> None:
    for line in lines:
        print(line)


def prove(schedules: int, seconds: float, processes: int) -> int:
    began, told = monotonic(), 0.0
    total, plan = Tally(), Plan(schedules)
    for total in explore(plan.all(), processes=processes, seconds=seconds):
        if monotonic() - told > EACH_SECONDS:
            told = monotonic()
            spent = told - began
            print(
                f"{total.schedules:>6} schedules, {total.calls:>9} calls, "
                f"{len(total.violations)} violations, {spent:.0f} s",
                flush=True,
            )
    if total.violations:
        report(total)
    exhausted = plan.singles_over and total.unstruck == 0
    summary = {
        "schedules": total.schedules,
        "single_faults_exhausted": exhausted,
        "crash_points": len(total.crashes),
        "violations": len(total.violations),
        "seconds": round(monotonic() - began, 1),
    }
    print(json.dumps(summary))
    return 1 if total.violations or not exhausted else 0


def report(total: Tally) -> None:
    """Show the kinds of violations, and of the first of each the smallest schedule and its timeline."""
    kinds = Counter(violation.invariant for violation in total.violations)
    for invariant, count in kinds.most_common():
        found = [violation for violation in total.violations if violation.invariant == invariant]
        least = shrink(
            min(found, key=lambda v: (v.schedule.story == "world", len(v.schedule.faults), str(v)))
        )
        print(f"\nVIOLATED {count} ×: {invariant}: {least.detail}")
        show(play(least.schedule, tracing=True).lines)
        print(f"replay with: make sim SEED='{least.schedule}'")


if __name__ == "__main__":
    sys.exit(main())
