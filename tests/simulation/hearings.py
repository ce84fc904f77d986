"""The witness's own rules of reviews: what may follow what; each end moves its order's money, once."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from simulation.violations import must
from simulation.world import World
from world.memory_engine import Change

Record = Mapping[str, Any]
MOVES = MappingProxyType(
    {
        "": {"FACE", "WAITING"},
        "FACE": {"FACE", "WAITING", "EXPIRED"},
        "WAITING": {"WAITING", "CLAIMED", "EXPIRED"},
        "CLAIMED": {"CLAIMED", "WAITING", "APPROVED", "REFUSED", "EXPIRED"},
    }
)
GOES = MappingProxyType({"APPROVED": "RECHARGING", "REFUSED": "FAILED", "EXPIRED": "FAILED"})
"""Where each end sends the order, in the very same commit."""
TWO_ABOVE, ONE_ABOVE = 1_000_000, 200_000
SKEW = 4_000


@dataclass(slots=True)
class Hearings:
    reviews: dict[str, Record] = field(default_factory=dict)
    ends: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def change(self, world: World, change: Change, orders: Mapping[str, Record]) -> None:
        """One change of a review; its order is as the same commit left it."""
        order_id = change.key.pk
        name = f"{world.alias(order_id)} review"
        new: Record = change.new or {}
        old: Record = change.old or {}
        state, before, order = str(new.get("state")), str(old.get("state", "")), orders[order_id]
        must(state in MOVES.get(before, set()), "a review's moves are legal", f"{name} {before} → {state}")
        if state not in GOES:
            must(order["state"] == "REVIEWING", "a review is of a held order", f"{name} {order['state']}")
        else:
            goes = GOES[state]
            must(order["state"] == goes, "a review's end moves its order", f"{name} {state} {order['state']}")
            self.ends[order_id] += 1
        if state == "APPROVED":
            self._approved(world, name, new, order)
        if state == "EXPIRED":
            over = world.scheduler.now + SKEW >= new["expires_at"]
            must(over, "nothing expires before its time", name)
        self.reviews[order_id] = new

    def _approved(self, world: World, name: str, review: Record, order: Record) -> None:
        people = set(review["approved_by"])
        needed = 2 if int(order["amount"]) > TWO_ABOVE else 1
        must(len(people) >= needed, "enough people approve", f"{name} {people}")
        must(str(order["user_id"]) not in people, "nobody approves their own", name)
        must(bool(review.get("face")), "approved only after the face", name)
        in_time = world.scheduler.now - SKEW - 3_000 < review["expires_at"]
        must(in_time, "nothing is approved after its time", name)

    def rest(self, world: World, orders: Mapping[str, Record], nets: Mapping[str, Mapping[str, int]]) -> None:
        for order_id, order in orders.items():
            name, review = world.alias(order_id), self.reviews.get(order_id)
            paid = int(order.get("captured", 0)) > 0
            if int(order["amount"]) > ONE_ABOVE and paid:
                must(review is not None, "a large order is reviewed", name)
            if review is not None:
                must(review["state"] in GOES, "every review ends", f"{name} is {review['state']}")
                must("open_shard" not in review, "an ended review is not listed", name)
                must(self.ends[order_id] == 1, "a review ends once", name)
