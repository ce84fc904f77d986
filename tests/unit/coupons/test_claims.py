"""Claims: one call, the right refusal, the exact last unit."""

from typing import Any

import pytest
from unit.coupons.conftest import NOON, STAFF, House, acting, customer, member, offer

from octane.coupons.admission import (
    CampaignAudienceError,
    CampaignEndedError,
    CampaignNotOpenError,
    ClaimLimitError,
    SoldOutError,
    WaitingRoomError,
)
from octane.coupons.campaigns import Audience, CampaignNotFoundError, CampaignState
from octane.coupons.claims import MOST_ROUNDS
from octane.coupons.editing import NewCampaign, create_campaign
from octane.coupons.holding import CouponState
from octane.identity.users import User, open_account
from octane.kernel.caller import Caller, Role
from octane.kernel.clock import MINUTE, SECOND, Instant
from octane.kernel.errors import KeyReusedError
from octane.store.engine import AnswerLost, Conflict, Throttled
from octane.store.store import ATTEMPTS, CommitUnknownError

DAY = 24 * 60 * MINUTE


def test_a_claim_is_one_call(house: House) -> None:
    # Given a process that knows the campaign
    campaign = house.opened()
    house.claim(campaign, 1)
    # When somebody claims
    with house.calls() as used:
        coupon = house.claim(campaign, 2)
    # Then it was one transaction, and the coupon has the campaign's terms
    assert dict(used.by_call) == {"transact": 1}
    assert coupon.account_id == customer(2).account_id
    assert (coupon.state, coupon.value, coupon.name) == (CouponState.AVAILABLE, 500, "国庆")
    assert coupon.valid_until == NOON + 30 * DAY
    assert sum(shard.claimed for shard in house.shards(campaign)) == 2


def test_a_replay_returns_the_same_coupon_in_every_state_of_the_sale(house: House) -> None:
    campaign = house.opened(stock=2)
    first = house.claim(campaign, 1)
    # the same key again, at once, in another process, sold out, and when all is over
    assert house.claim(campaign, 1) == first
    house.claims = house.process()
    assert house.claim(campaign, 1) == first
    house.claim(campaign, 2)
    with pytest.raises(SoldOutError):
        house.claim(campaign, 3)
    assert house.claim(campaign, 1) == first
    house.clock.at += 120 * MINUTE
    assert house.claim(campaign, 1) == first
    assert len(house.coupons(campaign)) == 2


def test_a_key_is_for_one_claim(house: House) -> None:
    one, other = house.opened(), house.opened()
    house.claim(one, 1)
    with pytest.raises(KeyReusedError):
        house.claim(other, 1)


def test_the_limit_of_an_account_and_of_a_group(house: House) -> None:
    # Given two campaigns that share a limit of two
    one, other = (house.opened(group="spring", per_user_limit=2) for _ in range(2))
    house.claim(one, 1, "key-1")
    house.claim(other, 1, "key-2")
    # Then a third claim of either is refused, and another account's is not
    for campaign in (one, other):
        with pytest.raises(ClaimLimitError):
            house.claim(campaign, 1, f"key-{campaign.campaign_id}")
    house.claim(one, 2)
    assert sum(shard.claimed for shard in house.shards(one)) == 2


@pytest.mark.parametrize("audience", [Audience.ALL, Audience.ENTERPRISE])
def test_one_person_with_many_enterprises_has_one_limit(house: House, audience: Audience) -> None:
    campaign = house.opened(audience, stock=2)
    house.claim(campaign, acting(customer(1), 1))
    with pytest.raises(ClaimLimitError):
        house.claim(campaign, acting(customer(1), 2))
    # nor do two people who act for one enterprise have two
    with pytest.raises(ClaimLimitError):
        house.claim(campaign, acting(customer(2), 1), "key-another")
    # and when this process knows that all are claimed, it is still the limit that they are told of
    house.claim(campaign, acting(customer(3), 3))
    with pytest.raises(SoldOutError):
        house.claim(campaign, acting(customer(4), 4))
    for who in (acting(customer(1), 2), acting(customer(2), 1)):
        with pytest.raises(ClaimLimitError):
            house.claim(campaign, who, "key-another")
    assert len(house.coupons(campaign)) == 2


def test_who_acts_for_an_enterprise_has_claimed_for_themselves(house: House) -> None:
    campaign = house.opened(per_user_limit=2)
    house.claim(campaign, acting(customer(1), 1))
    house.claim(campaign, 1)
    with pytest.raises(ClaimLimitError):
        house.claim(campaign, 1, "key-another")


@pytest.mark.parametrize("who", [STAFF, acting(STAFF, 1)], ids=["self", "enterprise"])
def test_whoever_makes_campaigns_claims_none(house: House, who: Caller) -> None:
    campaign = house.opened()
    with pytest.raises(CampaignAudienceError):
        house.claim(campaign, who)
    assert house.coupons(campaign) == []


def test_a_refusal_is_by_a_definition_of_the_last_second(house: House) -> None:
    """A claim is tried with an old one: it is safe, as the version is compared; a refusal would not be."""
    campaign = house.opened(per_user_limit=1)
    house.claim(campaign, 1, "key-1")
    house.clock.at += 3 * SECOND
    with house.calls() as used:
        house.claim(campaign, 2, "key-1")
    assert dict(used.by_call) == {"transact": 1}
    house.change(campaign, per_user_limit=2)
    house.clock.at += SECOND
    house.claim(campaign, 1, "key-2")


def test_all_units_and_not_one_more(house: House) -> None:
    campaign = house.opened(stock=37, expected_rate=400)
    got = [house.claim(campaign, number) for number in range(37)]
    for number in range(37, 60):
        with pytest.raises(SoldOutError):
            house.claim(campaign, number)
    assert len({coupon.coupon_id for coupon in got}) == 37 == len(house.coupons(campaign))
    assert {(shard.left, shard.version) for shard in house.shards(campaign)} == {(0, campaign.version)}


def test_a_process_that_knows_nothing_finds_the_last_unit(house: House) -> None:
    # Given one unit in one of eight shards
    campaign = house.opened(stock=8, expected_rate=400)
    for number in range(7):
        house.claim(campaign, number)
    # Then whoever comes first to a new process gets it: a miss, a look, a claim
    house.claims = house.process()
    with house.calls() as used:
        house.claim(campaign, 7)
    assert used.calls <= 4
    with pytest.raises(SoldOutError):
        house.claim(campaign, 8)


def test_sold_out_costs_one_read(house: House) -> None:
    campaign = house.opened(stock=1)
    house.claim(campaign, 1)
    for number in (2, 3):
        with pytest.raises(SoldOutError):
            house.claim(campaign, number)
    with house.calls() as used, pytest.raises(SoldOutError):
        house.claim(campaign, 4)
    assert dict(used.by_call) == {"batch_get": 1}


def test_more_stock_is_seen_at_once_by_who_was_told_sold_out(house: House) -> None:
    """Nobody is refused on a version that is over, however fresh the process thinks it is."""
    campaign = house.opened(stock=1)
    house.claim(campaign, 1)
    with pytest.raises(SoldOutError):
        house.claim(campaign, 2)
    house.change(campaign, stock=2)
    house.claim(campaign, 2)


def test_the_order_of_the_refusals(house: House) -> None:
    # not open, then ended, then the audience, the limit, the stock
    campaign = house.opened(Audience.ENTERPRISE, stock=1, opens_at=Instant(NOON + 10 * SECOND))
    with house.calls() as used, pytest.raises(CampaignNotOpenError) as refused:
        house.claim(campaign, 1)
    assert refused.value.retry_after == 10
    assert used.calls <= 1
    house.clock.at += 10 * SECOND
    house.claim(campaign, member(1))
    with pytest.raises(CampaignAudienceError):
        house.claim(campaign, 1)  # it is sold out, too
    with pytest.raises(ClaimLimitError):
        house.claim(campaign, member(1), "key-another")
    with pytest.raises(SoldOutError):
        house.claim(campaign, member(2))
    house.clock.at += 60 * MINUTE
    with pytest.raises(CampaignEndedError):
        house.claim(campaign, 1)


def test_nobody_waits_before_closed_doors_for_money(house: House) -> None:
    """The crowd before the opening costs no call but the definition's, once a second."""
    campaign = house.opened(opens_at=Instant(NOON + 10 * SECOND))
    with house.calls() as used:
        for number in range(50):
            with pytest.raises(CampaignNotOpenError):
                house.claim(campaign, number)
    assert dict(used.by_call) == {"get": 1}


def test_drafts_are_not_there_and_pauses_pass(house: House) -> None:
    draft = house.draft()
    for campaign_id in (draft.campaign_id, "G" * 26):
        with pytest.raises(CampaignNotFoundError):
            house.claims.claim(customer(1), campaign_id, "key-000000")
    campaign = house.change(draft, state=CampaignState.OPEN)
    house.claims = house.process()
    house.claim(campaign, 1)
    paused = house.change(campaign, state=CampaignState.PAUSED)
    house.clock.at += SECOND
    with pytest.raises(CampaignNotOpenError):
        house.claim(campaign, 2)
    house.change(paused, state=CampaignState.OPEN)
    house.clock.at += SECOND
    house.claim(campaign, 2)


def test_a_pause_stops_processes_that_have_not_heard_of_it(house: House) -> None:
    campaign = house.opened()
    house.claim(campaign, 1)  # this process knows the campaign, for a second
    house.change(campaign, state=CampaignState.PAUSED)
    with pytest.raises(CampaignNotOpenError):
        house.claim(campaign, 2)


def test_new_customers_only(house: House) -> None:
    campaign = house.opened(Audience.NEW)
    for number, age in ((1, 6), (2, 8)):
        user = User(customer(number).user_id, Role.CUSTOMER, Instant(NOON - age * DAY))
        house.store.commit(open_account(user))
    house.claim(campaign, 1)
    for who in (customer(2), customer(3), member(1)):
        with pytest.raises(CampaignAudienceError):
            house.claim(campaign, who)


def test_named_accounts_only(house: House) -> None:
    accounts = tuple(customer(number).account_id for number in range(120))
    request = NewCampaign(offer(stock=200), Audience.LIST, accounts)
    campaign = house.change(create_campaign(house, STAFF, request, "key-list"), state=CampaignState.OPEN)
    house.claim(campaign, 0)
    house.claim(campaign, 119)
    with pytest.raises(CampaignAudienceError):
        house.claim(campaign, 120)


class Rough:
    """An engine whose transactions fail as often as a test says, before or after they took effect."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self.failures: list[Exception | None] = []
        self.late = False
        self.shards: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    def transact(self, writes: Any, token: str) -> None:
        self.shards += [write.key.pk for write in writes if write.key.sk == "#STOCK"]
        failure = self.failures.pop(0) if self.failures else None
        if failure and self.late:
            self.engine.transact(writes, token)
        if failure:
            raise failure
        self.engine.transact(writes, token)


def on_rough(house: House) -> Rough:
    rough = Rough(house.engine)
    house.store = house.store_on(rough)  # type: ignore[arg-type]  # it passes on what it does not spoil
    house.claims = house.process()
    return rough


def test_conflicts_are_tried_again(house: House) -> None:
    campaign, rough = house.opened(), on_rough(house)
    rough.failures = [Conflict(), Conflict(), Throttled()]
    house.claim(campaign, 1)
    assert len(house.coupons(campaign)) == 1


@pytest.mark.parametrize("failure", [Conflict, Throttled])
def test_too_many_at_once_wait(house: House, failure: type[Exception]) -> None:
    campaign, rough = house.opened(), on_rough(house)
    rough.failures = [failure() for _ in range(MOST_ROUNDS)]
    with pytest.raises(WaitingRoomError) as refused:
        house.claim(campaign, 1)
    rough.failures = []
    assert 1 <= refused.value.retry_after <= 5
    assert house.coupons(campaign) == []
    # the same claim, later, gets it
    house.clock.at += refused.value.retry_after * SECOND
    house.claim(campaign, 1)
    assert len(house.coupons(campaign)) == 1


def test_whoever_meets_another_goes_to_another_shard(house: House) -> None:
    # Given a process that has met an empty shard, and so has looked at all of them
    campaign = house.opened(stock=80, expected_rate=4_000)
    for number in range(40):
        house.claim(campaign, number)
    rough = on_rough(house)
    with house.calls() as used:
        for number in range(40, 70):
            house.claim(campaign, number)
    assert used.by_call["batch_get"] > 0
    # When it meets others at every shard
    rough.shards.clear()
    rough.failures = [Conflict() for _ in range(10)]
    house.claim(campaign, 70)
    # Then it does not wait at one
    assert len(set(rough.shards)) > 3
    assert len(house.coupons(campaign)) == 71


def test_where_there_is_no_other_shard_the_pauses_grow(house: House) -> None:
    campaign, rough = house.opened(expected_rate=1), on_rough(house)
    rough.failures = [Conflict() for _ in range(MOST_ROUNDS)]
    with pytest.raises(WaitingRoomError):
        house.claim(campaign, 1)
    assert len(rough.shards) == ATTEMPTS


def test_a_throttled_process_lets_the_tables_alone_for_a_moment(house: House) -> None:
    campaign, rough = house.opened(), on_rough(house)
    rough.failures = [Throttled() for _ in range(5)]
    with pytest.raises(WaitingRoomError):
        house.claim(campaign, 1)
    with house.calls() as used, pytest.raises(WaitingRoomError):
        house.claim(campaign, 2)
    assert used.calls == 0
    house.clock.at += SECOND
    house.claim(campaign, 2)


def test_the_waiting_come_back_at_different_times(house: House) -> None:
    campaign, rough = house.opened(), on_rough(house)
    told = set()
    for number in range(40):
        rough.failures = [Conflict() for _ in range(MOST_ROUNDS)]
        with pytest.raises(WaitingRoomError) as refused:
            house.claim(campaign, number)
        told.add(refused.value.retry_after)
    assert told == {1, 2, 3, 4, 5}


def test_an_answer_that_was_lost_is_settled_by_the_same_key(house: House) -> None:
    campaign, rough = house.opened(), on_rough(house)
    rough.failures, rough.late = [AnswerLost() for _ in range(5)], True
    with pytest.raises(CommitUnknownError):
        house.claim(campaign, 1)
    house.claim(campaign, 1)
    assert len(house.coupons(campaign)) == 1
    assert sum(shard.claimed for shard in house.shards(campaign)) == 1
