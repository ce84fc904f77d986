"""CPU of one warm risk decision: facts from items of a busy hour, over fifty rules, written down as JSON.

PYTHONPATH=layers/octane/python:infra:tests python -m bench.risk
"""

import sys
from typing import TYPE_CHECKING

from bench.timing import median_ms
from octane.kernel.clock import MINUTE, Instant
from octane.kernel.money import Fen
from octane.risk.decide import Decision, Tags, decide, to_json
from octane.risk.defaults import ROWS, default_rules
from octane.risk.seen import HOURS, MINUTES, TENS, base36, counted
from octane.risk.sight import Asked, Place, Sight, facts_of

if TYPE_CHECKING:
    from octane.store.items import Item

TARGET_MS = 1.0
NOON = Instant(1_795_320_000_000)
USER, ACCOUNTS = "U" + "A" * 25, 64


def decision_ms() -> float:
    """Median CPU milliseconds of making the facts, deciding, and writing the decision down."""
    rules, sight = default_rules(), _busy()
    assert len(ROWS) >= 50

    def decides(number: int) -> None:
        order_id = f"T{number:025d}"
        asked = Asked(
            order_id, "CARD", Fen(10_000 + number), USER, USER, "device-0001", "203.0.113.7", Place(312, 1215)
        )
        facts = facts_of(asked, sight, NOON)
        tags = Tags(USER, USER, asked.device_tag, asked.ip_tag, "N" + "A" * 25)
        verdict = decide(facts, rules)
        to_json(Decision(order_id, NOON, rules.version, rules.digest, facts, verdict, tags))

    return median_ms(decides)


def _busy() -> Sight:
    """Items with every bucket that they can have."""
    seen: dict[str, int] = {}
    for window in (MINUTES, TENS, HOURS):
        for back in range(window.kept):
            seen |= counted(Instant(NOON - back * window.length_ms))
    accounts = {f"u{number:02d}": NOON // (24 * 60 * MINUTE) for number in range(ACCOUNTS)}
    day = base36((NOON + 8 * 60 * MINUTE) // (24 * 60 * MINUTE))
    habits = {"n": 40, "sum": 400_000, "b4": 20, "lat": 399, "lng": 1164, "located_at": NOON - 60 * MINUTE}
    person: Item = {**seen, **habits, f"dn{day}": 5, f"df{day}": 50_000}
    shared: Item = {**seen, **accounts}
    user: Item = {"created_at": 0, "phone_sealed": "x"}
    return Sight(user, person, {}, shared, (shared,) * 4, shared)


def main() -> int:
    spent = decision_ms()
    print(f"a risk decision over {len(ROWS)} rules: {spent:.3f} ms CPU, {TARGET_MS} ms is the target")
    return 0


if __name__ == "__main__":
    sys.exit(main())
