"""A campaign's stock in shards, so that no item is hot (MK1).

    {left, claimed, erased, version}    of shard nn: `CAMPAIGN#<id>#<nn>` `#STOCK`

A claim takes one unit of one shard on the condition that there is one and that the shard's version is the one
that the claimer read of the campaign. Only an edit makes `left` larger, and it makes a new version of all
shards in one transaction. So a shard that was seen empty at a version is empty for as long as that version
lasts, and when every shard was seen empty at the same version, then at the moment of the last look all of
them were: that is sold out, to the last unit.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from octane.coupons.campaigns import Campaign
from octane.kernel.errors import StateError
from octane.store.items import Item, Key, Table
from octane.store.store import Store
from octane.store.writes import Absent, AtLeast, Condition, Is, Put, Update, Write, all_of

MOST_SHARDS = 90
"""An edit writes all of them in one transaction (DynamoDB takes 100 writes)."""
CLAIMS_PER_SHARD = 50
"""A second. A transaction holds an item for some milliseconds, and whoever meets it there must try again: at
50 a second every second claim or so would, at an assumed 10 ms. Capacity is no bound: a partition takes 1,000
write units a second, and a claim's two are 100 at that rate."""

MOST_COUNTED = 20_000
"""Units of a shard, while there are shards to be had: its coupons are counted in one go by the audit."""


class ShardMissedError(StateError):
    """The shard is empty, or of another version. Caught by the claim, always."""

    code = "SHARD_MISSED"


class Shard(NamedTuple):
    number: int
    version: int
    left: int
    claimed: int
    erased: int = 0
    """Coupons of it that were erased with their account."""


def shard_key(campaign_id: str, number: int) -> Key:
    return Key(Table.COUPONS, f"CAMPAIGN#{campaign_id}#{number:02d}", "#STOCK")


def shards_for(rate: int, stock: int) -> int:
    """How many shards carry a rate (claims per second) and a stock; no more than there are units."""
    wanted = max(-(-rate // CLAIMS_PER_SHARD), -(-stock // MOST_COUNTED))
    return max(1, min(wanted, MOST_SHARDS, stock))


def shard_of(item: Item) -> Shard:
    number = int(str(item["pk"]).rpartition("#")[2])
    version, left, claimed, erased = (
        int(str(item[name])) for name in ("version", "left", "claimed", "erased")
    )
    return Shard(number, version, left, claimed, erased)


def read_shards(store: Store, campaign: Campaign) -> list[Shard]:
    """All of them, each consistent in itself. One AWS call."""
    keys = [shard_key(campaign.campaign_id, number) for number in range(campaign.shards)]
    return [shard_of(item) for item in store.batch_get(keys)]


def taking(campaign: Campaign, number: int) -> Update:
    """One unit of a shard; `ShardMissedError`."""
    return Update(
        shard_key(campaign.campaign_id, number),
        when=all_of(Is("version", campaign.version), AtLeast("left", 1)),
        add={"left": -1, "claimed": 1},
        otherwise=ShardMissedError(),
    )


def laid_out(campaign: Campaign) -> tuple[Put, ...]:
    """The shards of a new campaign."""
    parts = spread(campaign.offer.stock, campaign.shards)
    return tuple(_new_shard(campaign, number, left) for number, left in enumerate(parts))


def moved(shards: Sequence[Shard], new: Campaign, more: int) -> tuple[Write, ...]:
    """All shards of the next version, with `more` units (negative: fewer), spread evenly again.

    Each is changed by a difference, so claims that come meanwhile take no part of it back: a shard that gains
    asks for nothing but its version, one that gives asks for what it gives.
    """
    total = sum(shard.left for shard in shards) + more
    targets = spread(total, new.shards)
    kept = tuple(
        _changed(new, shard, target - shard.left) for shard, target in zip(shards, targets, strict=False)
    )
    fresh = enumerate(targets[len(shards) :], start=len(shards))
    return (*kept, *(_new_shard(new, number, left) for number, left in fresh))


def spread(total: int, parts: int) -> list[int]:
    """Shares that differ by one at most; the first ones are the larger."""
    return [total // parts + (number < total % parts) for number in range(parts)]


def left_in(shards: Iterable[Shard]) -> int:
    return sum(shard.left for shard in shards)


def _changed(new: Campaign, shard: Shard, difference: int) -> Update:
    conditions: list[Condition] = [Is("version", shard.version)]
    if difference < 0:
        conditions.append(AtLeast("left", -difference))
    return Update(
        shard_key(new.campaign_id, shard.number),
        when=all_of(*conditions),
        assign={"version": new.version},
        add={"left": difference} if difference else {},
    )


def _new_shard(campaign: Campaign, number: int, left: int) -> Put:
    item: Item = {"left": left, "claimed": 0, "erased": 0, "version": campaign.version}
    return Put(shard_key(campaign.campaign_id, number), item, when=Absent())
