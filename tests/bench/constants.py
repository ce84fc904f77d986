"""`infra/capacity/constants.json`: what the capacity model takes from the bench."""

import json
import os
import platform
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.claims import Claimed
from bench.journal import Invocation
from bench.partitions import Share
from world.system import ROOT

STORED = ROOT / "infra/capacity/constants.json"
MODELLED = (
    *("place_order", "pay_order", "payment_callback", "recharge_worker", "dispatch_events", "push_changes"),
    *("issuer_callback", "authorize"),
)
READS = ("get", "query", "batch_get")


def constants(
    invocations: Mapping[str, Invocation],
    operations: Mapping[str, Mapping[str, Any]],
    ratios: Mapping[str, float],
    shares: Mapping[str, list[Share]],
    claim: Claimed,
) -> dict[str, Any]:
    """`operations`: the bench's own rows; `ratios`: of starts, and under "" CPU seconds of what they compare
    with."""

    def start_ms(name: str) -> int:
        return round(ratios[name] * ratios[""] * 1_000)

    rows = {}
    for name in MODELLED:
        invocation, row = invocations[name], operations[name]
        calls = invocation.usage.by_call
        stored = sum(calls.values())
        rows[name] = {
            "cpu_ms": row["cpu_ms"],
            "start_cpu_ms": start_ms(name),
            "reads": sum(calls[read] for read in READS),
            "transactions": calls["transact"],
            "writes": calls["write"],
            "other_calls": len(invocation.aws) - stored,
            "outside_calls": len(invocation.wire),
            "read_units": row["read_units"],
            "shares": _made_up(shares.get(name, []), row["write_units"]),
        }
    rows["claim"] = {
        "cpu_ms": round(claim.cpu_ms, 2),
        "start_cpu_ms": start_ms("claim"),
        "reads": claim.reads,
        "transactions": claim.transactions,
        "writes": 0,
        "other_calls": 0,
        "outside_calls": 0,
        "read_units": 0,
        "shares": claim.shares,
    }
    measured = {
        "on": time.strftime("%Y-%m-%d"),
        "machine": f"{platform.machine()} with {os.cpu_count()} cores",
        "CPython": platform.python_version(),
    }
    return {"measured": measured, "operations": rows}


def _made_up(shares: list[Share], units: float) -> list[Share]:
    """With what was paid for but changed nothing, on a partition of the person's own."""
    missing = round(units - sum(share.units for share in shares), 2)
    own = [share for share in shares if not share.shards]
    if not own or missing <= 0:
        return shares
    first = max(own, key=lambda share: share.units)
    return [
        share._replace(units=round(share.units + missing, 2)) if share is first else share for share in shares
    ]


def write(found: Mapping[str, Any], path: Path = STORED) -> None:
    path.write_text(json.dumps(found, indent=1) + "\n")
