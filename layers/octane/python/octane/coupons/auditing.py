"""Whether what a campaign gave away is what its stock lost (MK1).

Each shard counts its claims in the very transaction that writes the coupon, and each coupon names its shard
in the index `claims`. So the counter and the coupons must agree, and what is left and claimed must be the
stock.
"""

from enum import StrEnum
from typing import NamedTuple

from octane.coupons.campaigns import Campaign, get_campaign
from octane.coupons.deps import CouponDeps
from octane.coupons.stock import MOST_COUNTED, Shard, read_shards
from octane.kernel.caller import READS_CAMPAIGNS, Caller
from octane.kernel.errors import InputError
from octane.store.items import CLAIMS, Query, Table
from octane.store.store import Store


class ShardInvalidError(InputError):
    code = "SHARD_INVALID"
    summary = "The campaign has no such shard."


class Verdict(StrEnum):
    MATCH = "MATCH"
    DIFFERENT = "DIFFERENT"
    """Ask again when nobody has claimed for some seconds: the index may lag. If it stays, somebody altered
    something."""


class ShardCount(NamedTuple):
    shard: Shard
    coupons: int
    """In the index."""
    verdict: Verdict


class Audit(NamedTuple):
    campaign: Campaign
    counts: list[ShardCount]
    left: int
    """Of all shards, as all that follows."""
    claimed: int
    verdict: Verdict
    """Of the stock and of the shards that were counted here."""
    next_shard: int | None


def audit_claims(deps: CouponDeps, caller: Caller, campaign_id: str, first_shard: int = 0) -> Audit:
    """Count the coupons of a campaign, shard by shard from `first_shard` on; after `MOST_COUNTED` or somewhat
    more, what is behind is asked for with `next_shard`.

    Also while it sells: a shard's coupons lie between what it had claimed before and after they were counted.
    Three AWS calls and one for each page of the index.
    """
    caller.must_have(READS_CAMPAIGNS)
    store = deps.store
    campaign = get_campaign(store, campaign_id)
    if first_shard >= campaign.shards:
        raise ShardInvalidError
    before = read_shards(store, campaign)
    coupons: list[int] = []
    for shard in before[first_shard:]:
        coupons.append(_coupons_in(store, campaign_id, shard.number))
        if sum(coupons) >= MOST_COUNTED:
            break
    after = read_shards(store, campaign)
    counts = [
        ShardCount(new, count, _agrees(old, count, new))
        for old, count, new in zip(before[first_shard:], coupons, after[first_shard:], strict=False)
    ]
    left, claimed = (sum(getattr(shard, name) for shard in after) for name in ("left", "claimed"))
    version = {shard.version for shard in after}
    whole = left + claimed == campaign.offer.stock or version != {campaign.version}  # changed meanwhile
    agree = whole and all(count.verdict is Verdict.MATCH for count in counts)
    behind = first_shard + len(counts)
    return Audit(
        campaign,
        counts,
        left,
        claimed,
        Verdict.MATCH if agree else Verdict.DIFFERENT,
        behind if behind < campaign.shards else None,
    )


def _coupons_in(store: Store, campaign_id: str, number: int) -> int:
    query = Query(Table.COUPONS, f"{campaign_id}#{number:02d}", index=CLAIMS)
    return sum(1 for _ in store.scan_pages(query))


def _agrees(before: Shard, coupons: int, after: Shard) -> Verdict:
    lasting = before.claimed - after.erased <= coupons <= after.claimed - before.erased
    return Verdict.MATCH if lasting and min(after.left, after.claimed) >= 0 else Verdict.DIFFERENT
