"""A fuel that is short throttles its campaigns; silence changes nothing (MK6)."""

import pytest
from unit.coupons.conftest import NOON, STAFF, House, Tanks, customer, tank

from octane.coupons.admission import SupplyLowError
from octane.coupons.auditing import Verdict, audit_claims
from octane.coupons.campaigns import CampaignState, get_campaign
from octane.coupons.erp import HttpErp, SilentErp
from octane.coupons.levels import AHEAD_MS
from octane.coupons.ports import TankStock
from octane.coupons.supply import levels_of, show_supply, sync_supply
from octane.kernel.clock import MINUTE, SECOND, Instant
from octane.kernel.errors import ForbiddenError
from octane.store.engine import Throttled
from octane.store.items import Query, Table
from octane.wiring.coupons import Coupons

LONG_AGO, AHEAD = NOON - 60 * MINUTE, NOON + AHEAD_MS + 1


def says(house: House, *tanks: TankStock) -> None:
    house.erp = Tanks(tanks)


def test_levels_are_of_all_groups_together() -> None:
    tanks = (tank(50), tank(160, group="WEST", at=NOON - 5), tank(99, grade="95"))
    found = {level.grade: level for level in levels_of(tanks)}
    assert (found["92"].litres, found["92"].threshold, found["92"].is_low) == (210, 200, False)
    assert found["92"].measured_at == NOON - 5
    assert found["95"].is_low
    assert not levels_of([tank(100)])[0].is_low


def test_a_short_fuel_throttles_its_campaigns_and_lets_go(house: House) -> None:
    # Given a campaign of 92, one of 95 and one of none, and a process that knows them
    short, other, free = house.opened(grade="92"), house.opened(grade="95"), house.opened()
    for campaign in (short, other, free):
        house.claim(campaign, 1, house.key())
    # When 92 is short
    says(house, tank(99), tank(100, grade="95"))
    assert sync_supply(house) == 1
    # Then its claims are refused at once, also by the process that has not heard of it; others pass
    with pytest.raises(SupplyLowError) as refused:
        house.claim(short, 2)
    assert refused.value.retry_after == 300
    house.claim(other, 2, "key-other-2")
    house.claim(free, 2, "key-free-22")
    # And nothing more happens until it is there again
    assert sync_supply(house) == 0
    says(house, tank(100))
    assert sync_supply(house) == 1
    house.clock.at += SECOND
    house.claim(short, 2)
    assert audit_claims(house, STAFF, short.campaign_id).verdict is Verdict.MATCH
    acts = [str(item["action"]) for item in house.store.scan_pages(Query(Table.AUDIT, short.campaign_id))]
    assert {"throttle_campaign", "release_campaign"} <= set(acts)


@pytest.mark.parametrize(
    "said",
    [None, (), (tank(500, grade="95"),), (tank(500, at=LONG_AGO),), (tank(500, at=AHEAD),)],
    ids=range(5),
)
def test_silence_leaves_what_is(house: House, said: tuple[TankStock, ...] | None) -> None:
    campaign = house.opened(grade="92")
    says(house, tank(1))
    sync_supply(house)
    house.erp = Tanks(said)
    assert sync_supply(house) == 0
    assert get_campaign(house.store, campaign.campaign_id).supply_low
    assert house.signals.seen[-1][0] in {"ErpSilent", "SupplyUnknown"}


def test_staff_see_the_supply_and_the_silence(house: House) -> None:
    assert show_supply(house, STAFF).is_silent
    says(house, tank(99), tank(200, grade="95"))
    sync_supply(house)
    shown = show_supply(house, STAFF)
    assert [(level.grade, level.is_low) for level in shown.levels] == [("92", True), ("95", False)]
    assert (shown.heard_at, shown.is_silent) == (NOON, False)
    house.erp = Tanks(None)
    house.clock.at += 15 * MINUTE
    sync_supply(house)
    shown = show_supply(house, STAFF)
    assert (shown.heard_at, shown.is_silent) == (NOON, True)
    house.clock.at += 45 * MINUTE
    assert all(level.is_stale(house.clock.now()) for level in show_supply(house, STAFF).levels)
    with pytest.raises(ForbiddenError):
        show_supply(house, customer(1))


def test_campaigns_that_are_over_are_let_alone_and_come_back_with_a_change(house: House) -> None:
    ended, closed = house.opened(grade="92"), house.opened(grade="92")
    house.change(ended, state=CampaignState.ENDED)
    house.clock.at += 60 * MINUTE
    says(house, tank(1, at=house.clock.at))
    for _ in range(2):
        assert sync_supply(house) == 0
    assert list(house.store.scan_pages(Query(Table.COUPONS, "THROTTLED"))) == []
    # with what is known of its fuel by then, and what comes after
    again = house.change(closed, closes_at=Instant(NOON + 120 * MINUTE))
    assert again.supply_low
    assert sync_supply(house) == 0
    says(house, tank(100, at=house.clock.at))
    assert sync_supply(house) == 1
    assert not get_campaign(house.store, again.campaign_id).supply_low


@pytest.mark.parametrize(
    ("level", "low"),
    [(tank(99), True), (tank(100), False), (tank(99, at=LONG_AGO), False), (tank(99, at=AHEAD), False)],
    ids=range(4),
)
def test_a_new_campaign_begins_with_the_last_level(house: House, level: TankStock, low: bool) -> None:
    says(house, level)
    sync_supply(house)
    assert house.draft(grade="92").supply_low is low
    assert not house.draft(grade="95").supply_low
    assert not house.draft().supply_low


def test_a_change_keeps_what_was_when_the_last_level_is_old(house: House) -> None:
    says(house, tank(1))
    sync_supply(house)
    campaign = house.opened(grade="92")
    house.clock.at += 60 * MINUTE
    assert house.change(campaign, closes_at=Instant(NOON + 240 * MINUTE)).supply_low


class Wired(Coupons):
    """The wiring with a secret of the test's own."""

    def __init__(self, url: str, **secret: str) -> None:
        super().__init__({"OCTANE_ERP_URL": url})
        self.kept = secret

    def _secret(self, name: str) -> dict[str, str]:
        assert name == "ERP"
        return self.kept


def test_an_erp_that_is_not_set_up_is_not_asked(house: House) -> None:
    assert Wired("").erp is None
    house.opened(grade="92")
    house.erp = None
    assert sync_supply(house) == 0
    assert house.signals.seen == []
    assert show_supply(house, STAFF).is_silent


@pytest.mark.parametrize(
    "secret", [{"unset": "x"}, {"client": "E1"}, {"client": "E1", "key": ""}], ids=range(3)
)
def test_an_erp_without_its_secret_is_silent(house: House, secret: dict[str, str]) -> None:
    silent = Wired("https://erp", **secret).erp
    assert isinstance(silent, SilentErp)
    assert silent.tanks() is None
    assert isinstance(Wired("https://erp", client="E1", key="K").erp, HttpErp)


def test_one_that_fails_keeps_no_other(house: House) -> None:
    campaigns = [house.opened(grade="92") for _ in range(3)]
    says(house, tank(1))
    unlucky = sorted(campaign.campaign_id for campaign in campaigns)[0]

    class Unlucky:
        def __getattr__(self, name: str) -> object:
            return getattr(house.engine, name)

        def transact(self, writes: tuple[object, ...], token: str) -> None:
            if any(unlucky in write.key.pk for write in writes):  # type: ignore[attr-defined]
                raise Throttled
            house.engine.transact(writes, token)  # type: ignore[arg-type]

    plain, house.store = house.store, house.store_on(Unlucky())  # type: ignore[arg-type]
    assert sync_supply(house) == 2
    assert ("SupplyNotApplied", {"campaign_id": unlucky, "why": "CAMPAIGN_BUSY"}) in house.signals.seen
    # and the next run goes on
    house.store = plain
    assert sync_supply(house) == 1
