"""Play worlds on all cores, and say how many of the planted discrepancies were found."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any

from drill.engine import keep_open
from drill.judge import Outcome, play
from drill.plan import World

NOTES = 20
Say = Callable[[str], None]


def played(worlds: Iterable[World], say: Say, *, workers: int = 2, fresh: bool = False) -> dict[str, Any]:
    """Play all; `fresh` makes a DuckDB instance for each step, as in earnest. What went wrong is said."""
    begun, done = time.monotonic(), list[Outcome]()
    with ProcessPoolExecutor(workers, initializer=None if fresh else keep_open) as pool:
        for future in as_completed([pool.submit(play, world) for world in worlds]):
            done.append(future.result())
            days, planted = sum(each.days for each in done), sum(each.planted.total() for each in done)
            say(f"  {days} days, {planted} planted, {time.monotonic() - begun:.0f} s")
    for note in [note for each in done for note in each.notes][:NOTES]:
        say(f"  {note}")
    return answer_of(done)


def is_good(answer: dict[str, Any]) -> bool:
    """Everything found, nothing told otherwise than it is, every proof line holds."""
    return answer["recall"] == 1 and not answer["misclassified"] and answer["proof_lines_hold"]


def answer_of(done: Iterable[Outcome]) -> dict[str, Any]:
    """Sum up what the worlds had."""
    done = list(done)
    planted: Counter[tuple[str, str]] = sum((each.planted for each in done), Counter())
    found, total = sum(each.found for each in done), planted.total()
    return {
        "days": sum(each.days for each in done),
        "planted": total,
        "kinds": len({kind for _, kind in planted}),
        "kinds_by_source": len(planted),
        "recall": found / total if total else 1.0,
        "misclassified": sum(each.misclassified for each in done),
        "proof_lines_hold": not any(each.proofs_broken for each in done),
    }
