"""Campaigns as staff list them, and the coupons of an account."""

from collections.abc import Iterator
from typing import NamedTuple

from octane.coupons.campaigns import CAMPAIGNS, Campaign, campaign_key, campaign_of, get_campaign
from octane.coupons.deps import CouponDeps
from octane.coupons.holding import Coupon, coupon_of
from octane.coupons.stock import Shard, read_shards, shard_key
from octane.kernel.caller import READS_CAMPAIGNS, Caller
from octane.store.cursors import read_cursor, write_cursor
from octane.store.items import Item, Key, Query, Table
from octane.store.store import Store
from octane.store.writes import Absent, Delete, Exists, Update, Write, any_of

PAGE = 50


class CampaignPage(NamedTuple):
    campaigns: list[Campaign]
    next_cursor: str | None


class CouponPage(NamedTuple):
    coupons: list[Coupon]
    next_cursor: str | None


def list_campaigns(deps: CouponDeps, caller: Caller, cursor: str | None) -> CampaignPage:
    """List all campaigns, newest first. Two AWS calls."""
    caller.must_have(READS_CAMPAIGNS)
    after = read_cursor(cursor, CAMPAIGNS)
    page = deps.store.query(Query(Table.COUPONS, CAMPAIGNS, newest_first=True, limit=PAGE, after=after))
    keys = [campaign_key(str(row["sk"]).partition("#")[2]) for row in page.items]
    campaigns = [campaign_of(item) for item in deps.store.batch_get(keys)]
    return CampaignPage(campaigns, write_cursor(page.cursor))


def show_campaign(deps: CouponDeps, caller: Caller, campaign_id: str) -> tuple[Campaign, list[Shard]]:
    """A campaign and what its shards hold. Two AWS calls; raises `CampaignNotFoundError`."""
    caller.must_have(READS_CAMPAIGNS)
    campaign = get_campaign(deps.store, campaign_id)
    return campaign, read_shards(deps.store, campaign)


def list_coupons(deps: CouponDeps, caller: Caller, cursor: str | None) -> CouponPage:
    """List the account's coupons, all states. One AWS call."""
    partition = f"USER#{caller.account_id}"
    after = read_cursor(cursor, partition, first="COUPON#", last="COUPON~")
    query = Query(Table.COUPONS, partition, "COUPON#", "COUPON~", limit=PAGE, after=after)
    page = deps.store.query(query)
    return CouponPage([coupon_of(item) for item in page.items], write_cursor(page.cursor))


def held_of(store: Store, account_id: str) -> Iterator[Item]:
    """All that this room keeps of an account: its coupons, and what it has claimed of each limit group."""
    return store.scan_pages(Query(Table.COUPONS, f"USER#{account_id}"))


def forget_coupons(store: Store, account_id: str) -> None:
    """Erase all that this room keeps of an account (ID6); what is under way must have ended.

    Each coupon goes with a mark on its shard, so the campaign's counts still add up. Harmless when run twice.
    """
    for item in list(held_of(store, account_id)):
        place = Key(Table.COUPONS, str(item["pk"]), str(item["sk"]))
        writes: list[Write] = [Delete(place, when=any_of(Absent(), Exists()))]
        if "claim_shard" in item:
            campaign_id, _, number = str(item["claim_shard"]).partition("#")
            marked = Update(shard_key(campaign_id, int(number)), when=Exists(), add={"erased": 1})
            writes = [Delete(place, when=Exists()), marked]
        store.commit(*writes)
