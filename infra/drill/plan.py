"""Which discrepancies are planted on which days."""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from drill.ours import OUR_PLANTS
from drill.planting import Named
from drill.trades import Size
from octane.reconciliation.model import Source
from simulators.bills.file_plants import FILE_PLANTS
from simulators.bills.row_plants import ROW_PLANTS

WORLD_DAYS = 25
MOST_A_DAY = 5
SHARDS = (1, 1, 1, 2)
"""Of the worlds in turn: what is in transit finds its shard too."""


class World(NamedTuple):
    """Some consecutive days."""

    seed: str
    orders: tuple[tuple[Named, ...], ...]
    """What to plant, day by day; what cannot be planted on a day is tried on the next."""
    size: Size
    shards: int


def every_order() -> list[Named]:
    """Each kind with each source that it can be planted at."""
    bills = [(kind, plant.sources) for kind, plant in ROW_PLANTS.items()]
    bills += [(kind, plant.sources) for kind, plant in FILE_PLANTS.items()]
    ours = [(source, kind) for kind, plant in OUR_PLANTS.items() for source in plant.sources]
    return sorted([*((Source(name), kind) for kind, sources in bills for name in sources), *ours])


def dealt(random: Random) -> Iterator[Named]:
    """Every order in any order, and again: none comes a second time before all have come."""
    deck = every_order()
    while True:
        random.shuffle(deck)
        yield from deck


def worlds(days: int, seed: str, size: Size) -> list[World]:
    """Runs of consecutive days with 0 to 5 discrepancies each; the last day of a run has none of its own."""
    random = Random(seed)
    orders = dealt(random)
    made: list[World] = []
    for first in range(0, days, WORLD_DAYS):
        count = min(WORLD_DAYS, days - first)
        plan = [tuple(next(orders) for _ in range(random.randint(0, MOST_A_DAY))) for _ in range(count - 1)]
        made.append(World(f"{seed}/{len(made)}", (*plan, ()), size, SHARDS[len(made) % len(SHARDS)]))
    return made
