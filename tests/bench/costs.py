"""AWS calls and capacity units of each operation and of a whole top-up: exact, the same on every machine.

Counted are the calls that our code makes: DynamoDB, SQS, API Gateway's push. What the platform does on its
own (stream reads, queue polling, logs) and what a new process fetches once (secrets, data keys) is not. Calls
that a process makes once in some seconds for all its invocations (what routing knows, the switches) are
counted apart. A read unit is one strongly consistent read of up to 4 KB, a write unit one write of up to
1 KB; a transaction's count double.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from bench.journal import Invocation
from bench.recording import Recording

TOP_UP: Mapping[str, str] = MappingProxyType(
    {
        "place_order": "orders/place_order",
        "pay_order": "orders/pay_order",
        "payment_callback": "callbacks/wechat_payment",
        "recharge_worker": "orders/recharge_order",
        "dispatch_events": "orders/dispatch_events",
        "push_changes": "notify/push_changes",
        "issuer_callback": "callbacks/issuer_recharge",
        "authorize": "identity/authorize",
    }
)
"""What a top-up is made of: operation and function."""
OPERATIONS = (
    *("place_order", "pay_order", "payment_callback", "recharge_worker", "get_order"),
    *("dispatch_events", "push_changes", "issuer_callback", "authorize"),
    *("routed_pay", "wallet_payment", "alipay_callback", "unionpay_callback"),
)
"""The first five are the ones that have always been compared; then what a top-up needs besides, and the other
ways to pay."""


class Cost(NamedTuple):
    aws_calls: int
    read_units: float
    write_units: int
    apart: int = 0
    """AWS calls made once in some seconds by a process, for all its invocations together."""


MOST_CALLS: Mapping[str, int] = MappingProxyType(
    {
        "place_order": 2,
        "pay_order": 3,
        "payment_callback": 3,
        "routed_pay": 3,
        "wallet_payment": 2,
        "alipay_callback": 3,
        "unionpay_callback": 3,
    }
)
MOST_TOP_UP_CALLS = 16
MOST_TOP_UP_WRITE_UNITS = 50


def invocations_of(recording: Recording) -> dict[str, Invocation]:
    """One invocation for each operation; of the pushes one that had somebody to tell."""
    found = dict(recording.others)
    for operation, function in TOP_UP.items():
        found[operation] = max(
            (invocation for invocation in recording.top_up if invocation.function == function),
            key=lambda invocation: invocation.pushes,
        )
    return {operation: found[operation] for operation in OPERATIONS}


def cost_of(invocations: Iterable[Invocation]) -> Cost:
    calls, reads, writes, apart = 0, 0.0, 0, 0
    for invocation in invocations:
        calls += len(invocation.aws)
        apart += len(invocation.apart)
        reads += invocation.usage.read_units
        writes += invocation.usage.write_units
    return Cost(calls, reads, writes, apart)


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
