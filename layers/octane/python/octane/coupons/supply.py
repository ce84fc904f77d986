"""Campaigns of a fuel that is short wait until it is there again (MK6).

| key (table coupons) | item                                        |
|---------------------|---------------------------------------------|
| `SUPPLY` `<grade>`  | its level (`octane.coupons.levels`)         |
| `SUPPLY` `#ERP`     | when it was last heard and asked            |

A grade is low when all its tanks together hold less than their thresholds together. What the ERP does not
say, and what it last measured too long ago, leaves all as it is: silence is no shortage, and no abundance.
"""

from collections.abc import Iterable
from typing import NamedTuple

from octane.audit.acts import system_act
from octane.coupons.campaigns import THROTTLED, Campaign, get_campaign, throttled_key
from octane.coupons.deps import CouponDeps, SupplyDeps
from octane.coupons.editing import rewrite
from octane.coupons.levels import SUPPLY, Level, level_key, level_of
from octane.coupons.ports import TankStock
from octane.kernel.caller import READS_CAMPAIGNS, Caller
from octane.kernel.clock import MINUTE, Instant, later
from octane.kernel.errors import OctaneError
from octane.store.items import Item, Query, Table
from octane.store.writes import Absent, Delete, Exists, Is, Put, Update, any_of

SILENT_MS = 15 * MINUTE
"""Three ticks without a word: staff see it, and an alarm."""
ANYWAY = any_of(Absent(), Exists())
_ERP = level_key("#ERP")


class Supply(NamedTuple):
    levels: list[Level]
    heard_at: Instant | None
    """When the ERP last answered; None: never."""
    is_silent: bool


def sync_supply(deps: SupplyDeps) -> int:
    """Ask the ERP, and throttle or let go what its answer concerns; return how many campaigns changed.

    Each campaign is a change of its own, so one that fails keeps no other, and the next run goes on.
    """
    if deps.erp is None:
        return 0
    now = deps.clock.now()
    tanks = deps.erp.tanks()
    if tanks is None:
        deps.signals.count("ErpSilent")
        deps.store.commit(Update(_ERP, when=ANYWAY, assign={"asked_at": now}))
        return 0
    levels = {level.grade: level for level in levels_of(tanks)}
    for level in levels.values():
        item: Item = {name: value for name, value in level._asdict().items() if name != "grade"}
        deps.store.commit(Put(level_key(level.grade), item, when=ANYWAY))
    deps.store.commit(Update(_ERP, when=ANYWAY, assign={"asked_at": now, "heard_at": now}))
    changed = 0
    for row in list(deps.store.scan_pages(Query(Table.COUPONS, THROTTLED))):
        found = levels.get(str(row["grade"]))
        if found is None or found.is_stale(now):
            deps.signals.count("SupplyUnknown", grade=str(row["grade"]))
            continue
        try:
            changed += _throttle(deps, str(row["sk"]), found, now)
        except OctaneError as error:
            deps.signals.count("SupplyNotApplied", campaign_id=str(row["sk"]), why=error.code)
    return changed


def levels_of(tanks: Iterable[TankStock]) -> list[Level]:
    """What each grade has, all groups of stations together."""
    by_grade: dict[str, list[TankStock]] = {}
    for tank in tanks:
        by_grade.setdefault(tank.grade, []).append(tank)
    return [
        Level(
            grade,
            litres := sum(tank.litres for tank in found),
            threshold := sum(tank.threshold for tank in found),
            litres < threshold,
            min(tank.measured_at for tank in found),
        )
        for grade, found in sorted(by_grade.items())
    ]


def show_supply(deps: CouponDeps, caller: Caller) -> Supply:
    """What is known of the supply, for staff. One AWS call."""
    caller.must_have(READS_CAMPAIGNS)
    now = deps.clock.now()
    items = list(deps.store.scan_pages(Query(Table.COUPONS, SUPPLY)))
    erp = next((item for item in items if item["sk"] == _ERP.sk), {})
    heard = Instant(int(str(erp["heard_at"]))) if "heard_at" in erp else None
    levels = [level_of(item) for item in items if item["sk"] != _ERP.sk]
    return Supply(levels, heard, heard is None or now >= later(heard, SILENT_MS))


def _throttle(deps: SupplyDeps, campaign_id: str, level: Level, now: Instant) -> bool:
    campaign: Campaign = get_campaign(deps.store, campaign_id)
    if now >= campaign.offer.closes_at:  # whoever lets it close later writes the row again
        same = Is("version", campaign.version)
        deps.store.commit(Delete(throttled_key(campaign_id), when=same))
        return False
    if campaign.supply_low == level.is_low:
        return False
    new = campaign._replace(version=campaign.version + 1, supply_low=level.is_low, editing_until=Instant(0))
    action = "throttle_campaign" if level.is_low else "release_campaign"
    why = f"{level.grade}: {level.litres} of {level.threshold} litres"
    rewrite(deps, campaign, new, system_act(action, campaign_id, str(new.version), now, reason=why))
    return True
