"""Campaigns are made once, changed safely while they sell, and their stock adds up."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event
from typing import Any
from zlib import crc32

import pytest
from unit.coupons.conftest import NOON, STAFF, TERMS, House, Raced, customer, offer

from octane.coupons.admission import SoldOutError, WaitingRoomError
from octane.coupons.auditing import ShardInvalidError, Verdict, audit_claims
from octane.coupons.campaigns import (
    Campaign,
    CampaignBusyError,
    CampaignInvalidError,
    CampaignState,
    CampaignStateError,
    StockBelowClaimedError,
    get_campaign,
)
from octane.coupons.editing import Change, NewCampaign, change_campaign, create_campaign
from octane.coupons.holding import Discount
from octane.coupons.listing import list_campaigns, list_coupons, show_campaign
from octane.coupons.stock import MOST_SHARDS, shard_key, shards_for, spread
from octane.kernel.caller import Role
from octane.kernel.clock import SECOND, Instant
from octane.kernel.errors import ForbiddenError, KeyReusedError, NotFoundError
from octane.kernel.ids import derive_id
from octane.kernel.money import Fen
from octane.store.engine import Conflict
from octane.store.items import Query, Table
from octane.store.writes import ChangedMeanwhileError, Exists, Update


def test_a_campaign_is_made_once(house: House) -> None:
    request = NewCampaign(offer())
    made = create_campaign(house, STAFF, request, "key-one")
    assert create_campaign(house, STAFF, request, "key-one") == made
    assert made.state is CampaignState.DRAFT
    assert sum(shard.left for shard in house.shards(made)) == 10
    with pytest.raises(KeyReusedError):
        create_campaign(house, STAFF, NewCampaign(offer(stock=11)), "key-one")
    assert [each.campaign_id for each in list_campaigns(house, STAFF, None).campaigns] == [made.campaign_id]


@pytest.mark.parametrize(
    "wrong",
    [
        {"closes_at": offer().opens_at},
        {"closes_at": Instant(0)},
        {"terms": TERMS._replace(discount=Discount.PERCENT, value=100)},
        {"terms": TERMS._replace(cap=Fen(1))},
        {"terms": TERMS._replace(discount=Discount.THRESHOLD, threshold=Fen(500))},
    ],
    ids=range(5),
)
def test_contradictions(house: House, wrong: dict[str, Any]) -> None:
    with pytest.raises(CampaignInvalidError):
        house.draft(**wrong)
    campaign = house.opened()
    with pytest.raises(CampaignInvalidError):
        house.change(campaign, **wrong)


def test_shards_of_a_rate() -> None:
    assert [shards_for(rate, 10_000) for rate in (1, 50, 51, 400, 100_000)] == [1, 1, 2, 8, MOST_SHARDS]
    assert shards_for(400, 3) == 3
    # a shard's coupons can be counted in one go
    assert [shards_for(1, stock) for stock in (20_000, 20_001, 200_000)] == [1, 2, 10]
    assert shards_for(1, 10_000_000) == MOST_SHARDS
    assert spread(10, 4) == [3, 3, 2, 2]
    assert spread(2, 4) == [1, 1, 0, 0]


def test_only_operators_make_and_change(house: House) -> None:
    campaign = house.draft()
    for role in (Role.CUSTOMER, Role.FINANCE, Role.AUDITOR):
        other = STAFF._replace(role=role)
        with pytest.raises(ForbiddenError):
            create_campaign(house, other, NewCampaign(offer()), "key-one")
        with pytest.raises(ForbiddenError):
            change = Change(1, CampaignState.OPEN, campaign.offer)
            change_campaign(house, other, campaign.campaign_id, change)
    with pytest.raises(ForbiddenError):
        show_campaign(house, customer(1), campaign.campaign_id)


def test_each_change_is_audited_in_its_own_commit(house: House) -> None:
    campaign = house.opened()
    house.change(campaign, stock=20)
    query = Query(Table.AUDIT, campaign.campaign_id)
    acts = sorted(str(item["action"]) for item in house.store.scan_pages(query))
    assert acts == ["change_campaign", "change_campaign", "create_campaign"]


def test_versions_are_compared_and_a_repeat_is_answered_alike(house: House) -> None:
    campaign = house.opened()
    changed = house.change(campaign, stock=20)
    assert house.change(campaign, stock=20) == changed
    with pytest.raises(ChangedMeanwhileError):
        house.change(campaign, stock=21)
    assert get_campaign(house.store, campaign.campaign_id) == changed


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (CampaignState.DRAFT, CampaignState.PAUSED),
        (CampaignState.OPEN, CampaignState.DRAFT),
        (CampaignState.ENDED, CampaignState.OPEN),
        (CampaignState.ENDED, CampaignState.ENDED),
    ],
    ids=range(4),
)
def test_ways_that_no_campaign_goes(house: House, before: CampaignState, after: CampaignState) -> None:
    campaign = house.draft()
    if before is not CampaignState.DRAFT:
        campaign = house.change(campaign, state=before)
    with pytest.raises(CampaignStateError):
        house.change(campaign, state=after)


def test_a_window_that_has_opened_stays(house: House) -> None:
    campaign = house.opened()
    with pytest.raises(CampaignInvalidError):
        house.change(campaign, opens_at=Instant(NOON + SECOND))
    house.change(campaign, closes_at=Instant(NOON + SECOND))


def test_stock_is_raised_lowered_and_spread_again(house: House) -> None:
    # Given six of ten claimed, so that some shards are empty and others are not
    campaign = house.opened(stock=10, expected_rate=200)
    for number in range(6):
        house.claim(campaign, number)
    with pytest.raises(StockBelowClaimedError):
        house.change(campaign, stock=5)
    # When there are to be sixteen, what is left is spread evenly
    campaign = house.change(campaign, stock=16)
    assert sorted(shard.left for shard in house.shards(campaign)) == [2, 2, 3, 3]
    # And when there are to be as many as are claimed, nothing is left
    campaign = house.change(campaign, stock=6)
    assert [shard.left for shard in house.shards(campaign)] == [0, 0, 0, 0]
    with pytest.raises(SoldOutError):
        house.claim(campaign, 6)
    assert audit_claims(house, STAFF, campaign.campaign_id).verdict is Verdict.MATCH


def test_more_rate_is_more_shards_and_never_fewer(house: House) -> None:
    campaign = house.opened(stock=100, expected_rate=50)
    house.claim(campaign, 1)
    campaign = house.change(campaign, expected_rate=500)
    assert campaign.shards == 10
    house.claim(campaign, 2)
    assert sum(shard.left for shard in house.shards(campaign)) == 98
    assert house.change(campaign, expected_rate=1).shards == 10


@pytest.mark.parametrize(("stock", "tries"), [(30, 1), (4, 2), (3, 2)])
def test_claims_within_an_edit_are_neither_lost_nor_doubled(house: House, stock: int, tries: int) -> None:
    """Three claims come between what the edit reads and what it writes; all of them from one shard."""
    campaign = house.opened(stock=9, expected_rate=150)
    numbers = [number for number in range(60) if shard_of_claim(house, campaign, number) == 0][:3]
    plain, happened = house.store, []

    def claims() -> None:
        happened.append(len(numbers))
        while numbers:
            house.claims = house.process()
            house.claim(campaign, numbers.pop())

    house.store = house.store_on(Raced(house.engine, claims))  # type: ignore[arg-type]
    campaign = house.change(campaign, stock=stock)
    house.store = plain
    assert len(happened) == tries
    assert sum(shard.claimed for shard in house.shards(campaign)) == 3
    assert sum(shard.left for shard in house.shards(campaign)) == stock - 3
    assert audit_claims(house, STAFF, campaign.campaign_id).verdict is Verdict.MATCH


def shard_of_claim(house: House, campaign: Campaign, number: int) -> int:
    """Where a customer's claim goes when it is the first of its process."""
    coupon_id = derive_id("C", customer(number).account_id, "key-000000")
    return crc32(coupon_id.encode()) % campaign.shards


def test_an_edit_in_a_rush_closes_the_gate_and_goes_through(house: House) -> None:
    # Given a rush in which no transaction of all shards passes until the claims wait
    campaign = house.opened()
    waited: list[bool] = []

    def rush() -> None:
        house.clock.at += 2 * SECOND
        try:
            house.claims.claim(customer(len(waited)), campaign.campaign_id, "key-000000")
            waited.append(False)
            raise Conflict
        except WaitingRoomError:
            waited.append(True)

    store, plain = house.store_on(Raced(house.engine, rush)), house.store  # type: ignore[arg-type]
    house.store = store
    changed = house.change(campaign, stock=20)
    house.store = plain
    # Then they did, the change passed, and the gate is open again
    assert waited[-1] is True
    assert changed.version == campaign.version + 1
    house.clock.at += SECOND
    house.claim(changed, 99)
    assert sum(shard.left + shard.claimed for shard in house.shards(changed)) == 20


def test_an_edit_that_never_gets_through_says_so_and_the_gate_opens_by_itself(house: House) -> None:
    campaign = house.opened()

    def busy() -> None:
        raise Conflict

    plain = house.store
    house.store = house.store_on(Raced(house.engine, busy))  # type: ignore[arg-type]
    with pytest.raises(CampaignBusyError):
        house.change(campaign, stock=20)
    house.store, house.claims = plain, house.process()
    with pytest.raises(WaitingRoomError):
        house.claim(campaign, 1)
    house.clock.at += 15 * SECOND
    house.claim(campaign, 1)


def test_edits_and_claims_in_threads_add_up(house: House) -> None:
    """A sale of many processes while staff raise, lower and pause it."""
    campaign = house.opened(stock=150, expected_rate=400)
    stop = Event()

    def sell(process: int) -> int:
        claims, got = house.process(), 0
        for turn in range(60):
            try:
                who = customer(f"{process} {turn}")
                claims.claim(who, campaign.campaign_id, "key-000000")
                got += 1
            except (SoldOutError, WaitingRoomError):
                continue
        return got

    def edit() -> int:
        newest, edits = campaign, 0
        while not stop.is_set():
            stock = 150 + 10 * (edits % 4)
            change = Change(newest.version, CampaignState.OPEN, newest.offer._replace(stock=stock))
            with suppress(CampaignBusyError):
                newest = change_campaign(house, STAFF, campaign.campaign_id, change)
                edits += 1
        return edits

    with ThreadPoolExecutor(9) as pool:
        editing = pool.submit(edit)
        sold = sum(pool.map(sell, range(8)))
        stop.set()
        with suppress(StockBelowClaimedError):  # all of the larger stock was gone already
            editing.result()
    newest = get_campaign(house.store, campaign.campaign_id)
    shards = house.shards(newest)
    assert min(shard.left for shard in shards) >= 0
    assert sum(shard.claimed for shard in shards) == sold == len(house.coupons(newest))
    assert sum(shard.left for shard in shards) == newest.offer.stock - sold


def test_a_sale_in_threads_ends_exactly(house: House) -> None:
    campaign = house.opened(stock=200, expected_rate=400)

    def buys(number: int) -> str:
        claims = processes[number % 16]
        try:
            claims.claim(customer(number), campaign.campaign_id, "key-000000")
        except SoldOutError:
            return "sold out"
        return "granted"

    processes = [house.process() for _ in range(16)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(buys, range(400)))
    assert answers.count("granted") == 200 == len(house.coupons(campaign))
    assert {shard.left for shard in house.shards(campaign)} == {0}


def test_the_audit_counts_shard_by_shard_and_finds_what_was_altered(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = house.opened(stock=20, expected_rate=200)
    for number in range(12):
        house.claim(campaign, number)
    whole = audit_claims(house, STAFF, campaign.campaign_id)
    assert (whole.verdict, whole.left, whole.claimed, whole.next_shard) == (Verdict.MATCH, 8, 12, None)
    assert sum(count.coupons for count in whole.counts) == 12
    # in pages
    monkeypatch.setattr("octane.coupons.auditing.MOST_COUNTED", 1)
    page = audit_claims(house, STAFF, campaign.campaign_id)
    assert page.next_shard == len(page.counts) == 1
    assert audit_claims(house, STAFF, campaign.campaign_id, 3).next_shard is None
    with pytest.raises(ShardInvalidError):
        audit_claims(house, STAFF, campaign.campaign_id, 4)
    monkeypatch.undo()
    # When somebody raises a counter by hand
    shard = shard_key(campaign.campaign_id, 2)
    house.store.commit(Update(shard, when=Exists(), add={"left": 1}))
    assert audit_claims(house, STAFF, campaign.campaign_id).verdict is Verdict.DIFFERENT
    house.store.commit(Update(shard, when=Exists(), add={"left": -1}))
    house.store.commit(Update(shard, when=Exists(), add={"left": -1, "claimed": 1}))
    found = audit_claims(house, STAFF, campaign.campaign_id)
    assert [count.verdict for count in found.counts].count(Verdict.DIFFERENT) == 1
    assert found.verdict is Verdict.DIFFERENT


def test_lists(house: House) -> None:
    assert list_coupons(house, customer(1), None).coupons == []
    with pytest.raises(NotFoundError):
        show_campaign(house, STAFF, "G" * 26)
    campaigns = [house.opened() for _ in range(3)]
    mine = {house.claim(each, 1, house.key()).coupon_id for each in campaigns}
    house.claim(campaigns[0], 2)
    assert {each.coupon_id for each in list_coupons(house, customer(1), None).coupons} == mine
