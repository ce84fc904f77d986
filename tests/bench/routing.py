"""CPU of one warm routing decision: every candidate eligible, health and quotas known, stored as JSON.

PYTHONPATH=layers/octane/python:infra:tests python -m bench.routing
"""

import sys

from bench.timing import median_ms
from octane.channels.port import ChannelName
from octane.kernel.clock import Instant
from octane.kernel.money import Fen
from octane.routing.decide import decide, draw_of
from octane.routing.decisions import Health, RouteRequest
from octane.routing.defaults import default_rules
from octane.routing.rules import Platform
from octane.routing.stored import to_json

TARGET_MS = 0.3


def decision_ms() -> float:
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

    return median_ms(decides)


def main() -> int:
    spent = decision_ms()
    print(f"a routing decision: {spent:.3f} ms CPU, {TARGET_MS} ms is the target")
    return 0


if __name__ == "__main__":
    sys.exit(main())
