"""Plant each bug and hunt it with the same schedules, until an invariant breaks."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from time import monotonic

from simulation.faults import Schedule
from simulation.mutants import MUTANTS
from simulation.planting import Mutant, planted
from simulation.play import play
from simulation.stories import STORIES

MOST_SCHEDULES = 2_000
WORLDS = 3


@dataclass(frozen=True, slots=True)
class Kill:
    mutant: str
    schedules: int
    invariant: str
    """Empty: it survived."""
    detail: str
    schedule: str


def hunt() -> Iterator[Schedule]:
    """Rounds of every story and a few small worlds: one without a fault, then up to one, two, three, one …"""
    number = 0
    while True:
        faults = (number - 1) % 3 + 1 if number else 0
        for story in STORIES:
            yield Schedule(story, number, drawn=faults, chance=0.01 + 0.02 * faults)
        for world in range(WORLDS):
            yield Schedule("world", number * WORLDS + world, drawn=2 * faults, chance=0.01)
        number += 1


def kill(mutant: Mutant) -> Kill:
    with planted(mutant):
        for number, schedule in enumerate(islice(hunt(), MOST_SCHEDULES), 1):
            outcome = play(schedule)
            if outcome.invariant:
                return Kill(mutant.name, number, outcome.invariant, outcome.detail, str(outcome.exact))
    return Kill(mutant.name, MOST_SCHEDULES, "", "", "")


def kill_all(*, processes: int, seconds: float) -> int:
    """Print a line for each mutant, and a summary as JSON; return 0 when none survived."""
    began = monotonic()
    kills: list[Kill] = []
    with get_context().Pool(processes) as pool:
        for found in pool.imap(kill, MUTANTS):
            kills.append(found)
            told = f"killed after {found.schedules:>4}: {found.invariant}" if found.invariant else "SURVIVED"
            print(f"{found.mutant:<30} {told}", flush=True)
            if found.invariant:
                print(f"{'':<30} {found.schedule}", flush=True)
            if monotonic() - began > seconds:
                break
    killed = sum(bool(found.invariant) for found in kills)
    summary = {
        "mutants": len(MUTANTS),
        "killed": killed,
        "most_schedules": max((found.schedules for found in kills), default=0),
        "seconds": round(monotonic() - began, 1),
    }
    print(json.dumps(summary))
    return 0 if killed == len(MUTANTS) else 1
