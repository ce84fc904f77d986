"""AWS calls and capacity units of each operation and of a whole top-up: exact, the same on every machine.

Counted are the calls that our code makes: DynamoDB, SQS, API Gateway's push. What the platform does on its
own (stream reads, queue polling, logs) and what a new process fetches once (secrets) is not. A read unit is
one strongly consistent read of up to 4 KB, a write unit one write of up to 1 KB; a transaction's count
double.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from bench.recording import Invocation, Recording

OPERATIONS: Mapping[str, str] = MappingProxyType(
    {
        "place_order": "orders/place_order",
        "pay_order": "orders/pay_order",
        "payment_callback": "callbacks/wechat_payment",
        "recharge_worker": "orders/recharge_order",
        "get_order": "orders/get_order",
        "dispatch_events": "orders/dispatch_events",
        "push_changes": "notify/push_changes",
        "issuer_callback": "callbacks/issuer_recharge",
        "authorize": "identity/authorize",
    }
)
"""The first five are the ones that have always been compared; the others are what a top-up needs besides."""


class Cost(NamedTuple):
    aws_calls: int
    read_units: float
    write_units: int


MOST_CALLS: Mapping[str, int] = MappingProxyType({"place_order": 2, "pay_order": 3, "payment_callback": 3})
MOST_TOP_UP_CALLS = 16
MOST_TOP_UP_WRITE_UNITS = 40


def invocations_of(recording: Recording) -> dict[str, Invocation]:
    """One invocation for each operation; of the pushes one that had somebody to tell."""
    found: dict[str, Invocation] = {}
    for operation, function in OPERATIONS.items():
        every = [*recording.top_up, recording.get_order]
        found[operation] = max(
            (invocation for invocation in every if invocation.function == function),
            key=lambda invocation: invocation.pushes,
        )
    return found


def cost_of(invocations: Iterable[Invocation]) -> Cost:
    calls, reads, writes = 0, 0.0, 0
    for invocation in invocations:
        calls += len(invocation.aws)
        reads += invocation.usage.read_units
        writes += invocation.usage.write_units
    return Cost(calls, reads, writes)


def operation_costs(recording: Recording) -> dict[str, Cost]:
    return {name: cost_of([invocation]) for name, invocation in invocations_of(recording).items()}


def missed_targets(costs: Mapping[str, Cost], top_up: Cost) -> Iterator[str]:
    """Each promise about counts that is not kept."""
    for name, most in MOST_CALLS.items():
        if costs[name].aws_calls > most:
            yield f"{name} makes {costs[name].aws_calls} AWS calls, at most {most} are allowed"
    if top_up.aws_calls > MOST_TOP_UP_CALLS:
        yield f"a top-up makes {top_up.aws_calls} AWS calls, at most {MOST_TOP_UP_CALLS} are allowed"
    if top_up.write_units > MOST_TOP_UP_WRITE_UNITS:
        yield f"a top-up uses {top_up.write_units} write units, at most {MOST_TOP_UP_WRITE_UNITS} are allowed"
