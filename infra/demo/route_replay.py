"""`python -m demo.route_replay FILE`: decide everything again that a demo run decided, and compare each byte.

Exit status 0 only if there was something to decide and every answer is identical. `--rules DRAFT` (a JSON
document as POST /api/v1/routing/rules takes it) says instead what those rules would have decided.
"""

import argparse
import json
import sys
from pathlib import Path

from demo.decisions import DecisionsFileError, Routing, load
from octane.kernel.clock import Instant
from octane.routing.publishing import publish
from octane.routing.replays import dry_run, replay_all
from octane.routing.rules import RulesQuotaFixedError
from octane.rulebook.errors import RulesInvalidError


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="demo.route_replay", description=__doc__)
    parser.add_argument("file", type=Path, help="what the demo wrote")
    parser.add_argument("--rules", type=Path, metavar="DRAFT", help="try these rules instead")
    chosen = parser.parse_args(arguments)
    try:
        routing = load(chosen.file)
        return _try(routing, chosen.rules) if chosen.rules else _replay(routing)
    except (DecisionsFileError, RulesInvalidError, RulesQuotaFixedError, OSError) as error:
        say(f"✗ {error}")
        return 1


def _replay(routing: Routing) -> int:
    report = replay_all(routing.decisions, routing.rule_sets())
    say(f"{len(routing.rules)} versions of the rules")
    say(str(report))
    return 0 if report.total and report.identical == report.total else 1


def _try(routing: Routing, draft: Path) -> int:
    sets = routing.rule_sets()
    candidate = publish(sets[max(sets)], _rules_of(draft), "route-replay", Instant(0)).rules
    found = dry_run(routing.decisions, candidate)
    say(f"{found.total} decisions, {len(found.changed)} would change, {found.unreadable} unreadable")
    for change in found.changed:
        say(f"  {change.attempt_no}: {change.before} → {change.after}")
    say(f"{found.lost} would have no channel, {found.gained} would have one")
    say(f"expected cost: {found.cost_microfen / 1_000_000:+.2f} fen")
    return 0


def _rules_of(draft: Path) -> str:
    """The rules alone, or the whole body of the request that publishes them."""
    text = draft.read_text("utf-8")
    try:
        content = json.loads(text)
    except ValueError:
        return text
    inner = content.get("rules") if isinstance(content, dict) else None
    return json.dumps(inner) if isinstance(inner, dict) else text


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
