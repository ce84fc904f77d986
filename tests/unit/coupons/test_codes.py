"""Codes: told once, kept as hashes, counted exactly, and guessed by nobody."""

import re

import pytest
from unit.coupons.conftest import STAFF, House, customer

from octane.coupons.admission import CampaignAudienceError, ClaimLimitError, CodeUsedError, SoldOutError
from octane.coupons.auditing import Verdict, audit_claims
from octane.coupons.campaigns import Audience, CampaignInvalidError
from octane.coupons.codes import CodeInvalidError, CodesToldError, claim_by_code, hash_of, make_codes
from octane.coupons.listing import forget_coupons, held_of, list_coupons
from octane.kernel.errors import ForbiddenError, KeyReusedError, TooManyError
from octane.store.items import Table
from world.memory_engine import MemoryEngine


def test_a_code_is_told_once_and_kept_as_a_hash(house: House) -> None:
    campaign = house.opened(Audience.CODE)
    made = make_codes(house, STAFF, campaign.campaign_id, 20, 1, "key-codes")
    assert len(set(made.codes)) == 20
    assert all(re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}", code) for code in made.codes)
    assert isinstance(house.engine, MemoryEngine)
    kept = repr([house.engine.items(table) for table in Table])
    assert not any(code in kept or code.replace("-", "") in kept for code in made.codes)
    with pytest.raises(CodesToldError):
        make_codes(house, STAFF, campaign.campaign_id, 20, 1, "key-codes")


def test_codes_are_for_their_campaign_only(house: House) -> None:
    with pytest.raises(CampaignInvalidError):
        make_codes(house, STAFF, house.opened().campaign_id, 1, 1, "key-codes")
    campaign = house.opened(Audience.CODE)
    with pytest.raises(ForbiddenError):
        make_codes(house, customer(1), campaign.campaign_id, 1, 1, "key-codes")
    with pytest.raises(CampaignAudienceError):
        house.claim(campaign, 1)


def test_a_code_is_good_for_its_uses_and_a_replay_uses_none(house: House) -> None:
    campaign = house.opened(Audience.CODE)
    (code,) = make_codes(house, STAFF, campaign.campaign_id, 1, 2, "key-codes").codes
    first = claim_by_code(house, customer(1), code, "key-claim")
    assert claim_by_code(house, customer(1), code, "key-claim") == first
    claim_by_code(house, customer(2), code.lower().replace("-", " "), "key-claim")
    with pytest.raises(CodeUsedError):
        claim_by_code(house, customer(3), code, "key-claim")
    assert claim_by_code(house, customer(1), code, "key-claim") == first
    assert sum(shard.claimed for shard in house.shards(campaign)) == 2


def test_the_order_of_refusals_by_code_when_sold_out(house: House) -> None:
    campaign = house.opened(Audience.CODE, stock=1)
    codes = make_codes(house, STAFF, campaign.campaign_id, 2, 5, "key-codes").codes
    claim_by_code(house, customer(1), codes[0], "key-claim")
    for _ in range(2):
        with pytest.raises(SoldOutError):
            claim_by_code(house, customer(2), codes[0], "key-claim")
    with pytest.raises(ClaimLimitError):
        claim_by_code(house, customer(1), codes[1], "key-other")


def test_codes_of_a_group_share_the_limit(house: House) -> None:
    one, other = (house.opened(Audience.CODE, "spring") for _ in range(2))
    codes = [
        make_codes(house, STAFF, campaign.campaign_id, 1, 9, "key-codes").codes[0]
        for campaign in (one, other)
    ]
    claim_by_code(house, customer(1), codes[0], "key-1-claim")
    with pytest.raises(ClaimLimitError):
        claim_by_code(house, customer(1), codes[1], "key-2-claim")


def test_another_code_under_the_same_key(house: House) -> None:
    campaign = house.opened(Audience.CODE, per_user_limit=5)
    codes = make_codes(house, STAFF, campaign.campaign_id, 2, 9, "key-codes").codes
    claim_by_code(house, customer(1), codes[0], "key-claim")
    with pytest.raises(KeyReusedError):
        claim_by_code(house, customer(1), codes[1], "key-claim")


def test_whoever_makes_codes_uses_none(house: House) -> None:
    campaign = house.opened(Audience.CODE)
    (code,) = make_codes(house, STAFF, campaign.campaign_id, 1, 9, "key-codes").codes
    with pytest.raises(CampaignAudienceError):
        claim_by_code(house, STAFF, code, "key-claim")


def test_guesses_are_limited(house: House) -> None:
    for number in range(10):
        with pytest.raises(CodeInvalidError):
            claim_by_code(house, customer(1), f"0000-0000-0000-{number:04d}", "key-claim")
    with pytest.raises(TooManyError):
        claim_by_code(house, customer(1), "0000-0000-0000-0010", "key-claim")


def test_what_reads_alike_is_alike() -> None:
    assert hash_of("O0I1-L111-ABCD-EFGH") == hash_of("00111111abcdefgh")
    assert hash_of("00111111ABCDEFGH") != hash_of("00111111ABCDEFGJ")


def test_erasing_an_account_leaves_the_campaign_adding_up(house: House) -> None:
    campaign = house.opened()
    house.claim(campaign, 1)
    house.claim(campaign, 2)
    account = customer(1).account_id
    assert {str(item["sk"])[:7] for item in held_of(house.store, account)} == {"COUPON#", "CLAIMED"}
    for _ in range(2):
        forget_coupons(house.store, account)
    assert list(held_of(house.store, account)) == []
    assert len(list_coupons(house, customer(2), None).coupons) == 1
    audit = audit_claims(house, STAFF, campaign.campaign_id)
    assert (audit.verdict, audit.claimed, sum(count.coupons for count in audit.counts)) == (
        Verdict.MATCH,
        2,
        1,
    )
    assert sum(count.shard.erased for count in audit.counts) == 1
