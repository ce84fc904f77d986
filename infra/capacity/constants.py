"""What the bench has measured: `constants.json`, which `make bench` writes."""

import json
from pathlib import Path
from typing import NamedTuple

STORED = Path(__file__).with_name("constants.json")


SCENARIOS = {
    "pay": (
        *("authorize", "place_order", "pay_order", "payment_callback", "dispatch_events", "push_changes"),
        *("recharge_worker", "issuer_callback"),
    ),
    "sale": ("authorize", "claim"),
}


class Share(NamedTuple):
    """Write units that one operation takes of a table (`orders`) or of its index (`orders/due`)."""

    place: str
    units: float
    shards: int
    """Over how many partitions everybody's writes go together; 0: each person has partitions of their own."""


class Operation(NamedTuple):
    """One invocation of one function."""

    name: str
    cpu_ms: float
    """Of one core of the bench's machine, warm."""
    start_cpu_ms: float
    """To load the function and to make its clients."""
    reads: int
    transactions: int
    writes: int
    """Calls, each of one item, that are no transaction."""
    other_calls: int
    """SQS and WebSocket."""
    outside_calls: int
    """A channel or an issuer."""
    read_units: float
    shares: tuple[Share, ...] = ()

    @property
    def holds_shared(self) -> bool:
        """Whether its transaction changes an item that others change at the same time."""
        return any(share.shards and "/" not in share.place for share in self.shares)

    @property
    def write_units(self) -> float:
        return sum(share.units for share in self.shares)


class Constants(NamedTuple):
    measured: dict[str, str]
    """When, and on what."""
    operations: dict[str, Operation]

    def of(self, scenario: str) -> dict[str, Operation]:
        """The functions of a scenario: `pay` or `sale`."""
        return {name: self.operations[name] for name in SCENARIOS[scenario]}


def read_constants(path: Path = STORED) -> Constants:
    stored = json.loads(path.read_text())
    operations = {
        name: Operation(name=name, **{**row, "shares": tuple(Share(*share) for share in row["shares"])})
        for name, row in stored["operations"].items()
    }
    return Constants(stored["measured"], operations)
