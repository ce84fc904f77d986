"""CPU of one warm routing decision: every candidate eligible, health and quotas known, stored as JSON.

PYTHONPATH=layers/octane/python:infra:tests python -m bench.routing
"""

import statistics
import sys
import time
from collections.abc import Callable

from octane.channels.port import ChannelName
from octane.kernel.clock import Instant
from octane.kernel.money import Fen
from octane.routing.decide import decide, draw_of
from octane.routing.decisions import Health, RouteRequest
from octane.routing.defaults import default_rules
from octane.routing.rules import Platform
from octane.routing.stored import to_json

ROUNDS = 200
WARM_UP = 50
BATCH = 20
"""Decisions in one measurement: the process clock is coarse beside one of them."""
TARGET_MS = 0.3


def decision_ms(rounds: int = ROUNDS) -> float:
    """Median CPU milliseconds of deciding and of writing the decision down."""
    rules = default_rules()
    health = {channel: Health(success_ppm=990_000, latency_ms=120) for channel in ChannelName}
    left = dict.fromkeys(ChannelName, 10**9)

    def decides(number: int) -> None:
        attempt_no = f"O{number:025d}P01"
        request = RouteRequest(
            attempt_no,
            Platform.MINI_PROGRAM,
            Fen(10_000 + number),
            payers=(ChannelName.WECHAT, ChannelName.ALIPAY),
        )
        to_json(decide(request, rules, health, left, draw_of(attempt_no), Instant(1_795_320_000_000)))

    for number in range(WARM_UP):
        decides(number)
    return statistics.median(_measured(decides, number) for number in range(rounds)) * 1_000


def _measured(decides: Callable[[int], None], number: int) -> float:
    start = time.process_time()
    for step in range(BATCH):
        decides(number * BATCH + step)
    return (time.process_time() - start) / BATCH


def main() -> int:
    spent = decision_ms()
    print(f"a routing decision: {spent:.3f} ms CPU, {TARGET_MS} ms is the target")
    return 0


if __name__ == "__main__":
    sys.exit(main())
