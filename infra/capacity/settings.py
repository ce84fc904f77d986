"""What can be set: by the template, in the code, or asked of AWS."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from capacity.limits import LIMITS

NONE: Mapping[str, int] = MappingProxyType({})


class Settings(NamedTuple):
    """The defaults are today's: the template's, and an account that has asked AWS for nothing."""

    memory_mb: int = 512
    provisioned: Mapping[str, int] = NONE
    """Environments kept ready, by function."""
    concurrency: int = int(LIMITS["lambda_concurrency"].value)
    """Executions at once in the account, those kept ready included."""
    gateway_rate: int = 10_000
    gateway_burst: int = 5_000
    due_shards: int = 4
    """Partitions of the index of what is due."""
    stock_shards: int = 90
    """Partitions of a campaign's stock."""
    warm_writes: Mapping[str, int] = NONE
    """Write units a second that a table or index takes at once, where it is more than a new one's."""
    queue_workers: int = 20
    """Batches of a queue at once."""

    def shards_of(self, place: str, measured: int) -> int:
        """Over how many partitions everybody's writes to a table or index go together."""
        if place == "orders/due":
            return self.due_shards
        return self.stock_shards if measured > 1 else measured

    def writes_of(self, place: str) -> int:
        return max(self.warm_writes.get(place, 0), int(LIMITS["new_table_writes"].value))
