"""CPU of one call of something that takes a fraction of a millisecond."""

import statistics
import time
from collections.abc import Callable

ROUNDS = 200
WARM_UP = 50
BATCH = 20
"""Calls in one measurement: the process clock is coarse beside one of them."""


def median_ms(call: Callable[[int], None]) -> float:
    """Median CPU milliseconds of a warm call, which is given its number."""
    for number in range(WARM_UP):
        call(number)
    return statistics.median(_measured(call, number) for number in range(ROUNDS)) * 1_000


def _measured(call: Callable[[int], None], number: int) -> float:
    start = time.process_time()
    for step in range(BATCH):
        call(number * BATCH + step)
    return (time.process_time() - start) / BATCH
