"""Print what each operation costs; the last line is the same as one JSON object.

    PYTHONPATH=layers/octane/python:infra:tests python -m bench

Ends with 1 when a count (AWS calls, write units) is over its limit: counts are exact. CPU is reported only:
it depends on the machine and on who else uses it.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import claims, constants
from bench.cold import CREDENTIALS, cold_ratios, template_environment
from bench.costs import TOP_UP, cost_of, invocations_of, missed_targets, operation_costs
from bench.journal import Invocation
from bench.partitions import shares
from bench.recording import Recording, record_top_up
from bench.risk import ROWS
from bench.risk import TARGET_MS as RISK_TARGET_MS
from bench.risk import decision_ms as risk_decision_ms
from bench.routing import TARGET_MS as DECISION_TARGET_MS
from bench.routing import decision_ms
from bench.warm import Replay, silence

DECIDES = {"routed_pay": ("table",), "place_order": ("risk_table",)}
"""Whose start compiles a decision table, and which."""
COLD_TARGET = 1.5
WARM_TARGET_MS = 4.0
Table = dict[str, dict[str, Any]]


def measure(recording: Recording, directory: Path) -> tuple[Table, dict[str, Any], dict[str, float]]:
    """Every operation's numbers, the whole top-up's, and the ratios of all starts, that of a claim too."""
    costs, invocations = operation_costs(recording), invocations_of(recording)
    replays = {name: Replay(recording, invocation) for name, invocation in invocations.items()}
    cpu_ms = {name: replay.median_ms() for name, replay in replays.items()}
    starts = {
        name: (invocations[name].function, [*replay.wiring.parts, *DECIDES.get(name, ())])
        for name, replay in replays.items()
    }
    starts["claim"] = (claims.FUNCTION, ["claims"])
    ratios = cold_ratios(starts, recording.environment, recording.secrets, directory)
    operations = {
        name: {"cold_ratio": round(ratios[name], 2), "cpu_ms": round(cpu_ms[name], 2), **cost._asdict()}
        for name, cost in costs.items()
    }
    total_ms = sum(_cpu_of(recording, invocation, cpu_ms) for invocation in recording.top_up)
    return operations, {**cost_of(recording.top_up)._asdict(), "cpu_ms": round(total_ms, 2)}, ratios


def _cpu_of(recording: Recording, invocation: Invocation, cpu_ms: dict[str, float]) -> float:
    """CPU ms of one invocation of a top-up; a push that tells nobody anything is measured on its own."""
    operation = next(name for name, function in TOP_UP.items() if function == invocation.function)
    if operation == "push_changes" and not invocation.pushes:
        return Replay(recording, invocation).median_ms(rounds=50)
    return cpu_ms[operation]


def table(operations: Table, top_up: dict[str, Any], invoked: int) -> str:
    heads = f"{'cold':>7}{'warm ms':>9}{'AWS calls':>11}{'read units':>12}{'write units':>13}{'apart':>7}"
    lines = [f"{'operation':<18}{heads}"]
    for name, row in operations.items():
        lines.append(
            f"{name:<18}{row['cold_ratio']:>7.2f}{row['cpu_ms']:>9.2f}{row['aws_calls']:>11}"
            f"{row['read_units']:>12.1f}{row['write_units']:>13}{row['apart']:>7}"
        )
    lines.append(
        f"{'one whole top-up':<18}{'':>7}{top_up['cpu_ms']:>9.2f}{top_up['aws_calls']:>11}"
        f"{top_up['read_units']:>12.1f}{top_up['write_units']:>13}{'':>7}   ({invoked} invocations)"
    )
    lines.append("cold: CPU of a start, as a ratio to a process that only makes a boto3 DynamoDB client")
    lines.append("apart: calls that a process makes once in 5 or 30 seconds, for all its invocations")
    return "\n".join(lines)


def misses(operations: Table, decision: float, risk: float) -> list[str]:
    """CPU over its target: said, but no failure."""
    cold = [
        f"{name}: cold ratio {row['cold_ratio']} is over {COLD_TARGET}"
        for name, row in operations.items() if row["cold_ratio"] > COLD_TARGET
    ]  # fmt: skip
    warm = {"place_order": (operations["place_order"]["cpu_ms"], WARM_TARGET_MS)}
    warm["a routing decision"] = (decision, DECISION_TARGET_MS)
    warm["a risk decision"] = (risk, RISK_TARGET_MS)
    return [*cold, *(f"{name}: {ms} ms is over {most}" for name, (ms, most) in warm.items() if ms > most)]


def main() -> int:
    os.environ.update({**CREDENTIALS, **template_environment()})
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        with silence():
            recording = record_top_up(directory / "simulators")
            written = shares(directory / "people")
        operations, top_up, ratios = measure(recording, directory)
    invocations = invocations_of(recording)
    constants.write(constants.constants(invocations, operations, ratios, written, claims.claimed()))
    failures = list(missed_targets(operation_costs(recording), cost_of(recording.top_up)))
    decision, risk = round(decision_ms(), 3), round(risk_decision_ms(), 3)
    print(table(operations, top_up, len(recording.top_up)))
    print(f"a routing decision: {decision} ms of CPU, at most {DECISION_TARGET_MS}")
    print(f"a risk decision over {len(ROWS)} rules: {risk} ms of CPU, at most {RISK_TARGET_MS}")
    for line in (*misses(operations, decision, risk), *failures):
        print(line)
    decisions = {"routing_decision_ms": decision, "risk_decision_ms": risk}
    print(json.dumps({"operations": operations, "top_up": top_up, **decisions}))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
