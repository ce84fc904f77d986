"""Who is named for a campaign is named after its change, with an act, and once."""

from typing import Any

import pytest
from unit.coupons.conftest import STAFF, House, Raced, customer, offer

from octane.coupons.campaigns import (
    Audience,
    Campaign,
    CampaignBusyError,
    CampaignState,
    StockBelowClaimedError,
)
from octane.coupons.editing import Change, NewCampaign, change_campaign, create_campaign
from octane.store.engine import Conflict
from octane.store.items import Query, Table
from octane.store.writes import ChangedMeanwhileError


def acts(house: House, campaign: Campaign) -> list[str]:
    query = Query(Table.AUDIT, campaign.campaign_id)
    return sorted(str(item["action"]) for item in house.store.scan_pages(query))


def named(house: House, campaign: Campaign) -> set[str]:
    query = Query(Table.COUPONS, f"CAMPAIGN#{campaign.campaign_id}", "AUDIENCE#", "AUDIENCE~")
    return {str(item["sk"]).removeprefix("AUDIENCE#") for item in house.store.scan_pages(query)}


def adds(house: House, campaign: Campaign, *accounts: str, version: int = 0, **more: Any) -> Campaign:
    version = version or campaign.version
    change = Change(version, campaign.state, campaign.offer._replace(**more), accounts)
    return change_campaign(house, STAFF, campaign.campaign_id, change)


def test_who_is_named_is_named_with_an_act(house: House) -> None:
    # Given a campaign for two
    request = NewCampaign(offer(), Audience.LIST, ("U1", "U2"))
    draft = create_campaign(house, STAFF, request, "key-one")
    assert (named(house, draft), acts(house, draft)) == ({"U1", "U2"}, ["add_audience", "create_campaign"])
    # When it is sent again, nothing is written
    create_campaign(house, STAFF, request, "key-one")
    assert acts(house, draft) == ["add_audience", "create_campaign"]
    # When one more is named beside one who is named, also under the version before, that is an act, once
    campaign = house.change(draft, state=CampaignState.OPEN)
    for accounts in (("U2", "U3"), ("U3",), ("U2", "U3")):
        house.clock.at += 1
        adds(house, campaign, *accounts, version=campaign.version - 1)
    assert named(house, draft) == {"U1", "U2", "U3"}
    assert acts(house, draft).count("add_audience") == 2
    assert len(acts(house, draft)) == 4


@pytest.mark.parametrize(
    ("version", "stock", "error"),
    [(0, 1, StockBelowClaimedError), (1, 20, ChangedMeanwhileError), (0, 20, CampaignBusyError)],
    ids=range(3),
)
def test_a_change_that_is_refused_names_nobody(
    house: House, version: int, stock: int, error: type[Exception]
) -> None:
    draft = create_campaign(house, STAFF, NewCampaign(offer(), Audience.LIST, ("U1", "U2")), "key-one")
    campaign = house.change(draft, state=CampaignState.OPEN)
    for number, account in enumerate(("U1", "U2")):
        house.claim(campaign, customer(number)._replace(user_id=account))
    if error is CampaignBusyError:
        house.store = house.store_on(Raced(house.engine, refuses))  # type: ignore[arg-type]
    with pytest.raises(error):
        adds(house, campaign, "U3", version=version, stock=stock)
    assert named(house, campaign) == {"U1", "U2"}


def refuses() -> None:
    raise Conflict


def test_whoever_died_before_the_names_sends_the_change_again(house: House) -> None:
    campaign = create_campaign(house, STAFF, NewCampaign(offer(), Audience.LIST), "key-one")
    house.change(campaign, stock=20)  # all but the names
    adds(house, campaign, "U1", stock=20)
    assert named(house, campaign) == {"U1"}
