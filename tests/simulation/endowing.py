"""What stories give people beforehand: coupons, campaigns, accounts at a biller, and plans."""

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from octane.billers.names import Biller
from octane.bills.accounts import account_id_of, account_key
from octane.bills.plans import Instalment, Plan, plan_item, plan_key
from octane.coupons.campaigns import Audience, Campaign, CampaignState, Offer, Terms, campaign_key, item_of
from octane.coupons.holding import CouponState, Discount, coupon_key
from octane.coupons.stock import laid_out
from octane.kernel.clock import Instant
from octane.kernel.ids import derive_id
from octane.kernel.money import Fen
from octane.store.writes import Absent, Put, Write
from simulation.world import World
from simulators.billers.books import Account, Bill

if TYPE_CHECKING:
    from octane.store.items import Item

DAYS = 30 * 86_400_000
BILLER = Biller.GAS
PLAN = "PLAN"


def give_coupon(
    world: World,
    account_id: str,
    coupon_id: str,
    value: int,
    *,
    percent: bool,
    stackable: bool,
    lives_ms: int,
) -> None:
    now = world.scheduler.now
    item: Item = {
        "campaign_id": "GIFT",
        "state": CouponState.AVAILABLE.value,
        "discount": (Discount.PERCENT if percent else Discount.FIXED).value,
        "value": value,
        "threshold": 0,
        "cap": 0,
        "products": "",
        "stackable": stackable,
        "returns": True,
        "valid_from": now - 10_000,
        "valid_until": now + lives_ms,
        "claimed_at": now,
    }
    _write(world, Put(coupon_key(account_id, coupon_id), item, when=Absent()))


def open_campaign(world: World, name: str, units: int, shards: int) -> None:
    now = world.scheduler.now
    offer = Offer(
        name,
        units,
        Instant(now - 1_000),
        Instant(now + DAYS),
        2,
        100,
        Terms(Discount.FIXED, 500, valid_days=7),
    )
    campaign = Campaign(
        *(name, 1, CampaignState.OPEN, offer, Audience.ALL, name, "", shards),
        made_by="staff",
        made_at=Instant(now),
    )
    world.stock[name] = units
    _write(world, Put(campaign_key(name), item_of(campaign), when=Absent()), *laid_out(campaign))


def owe(world: World, account_id: str, bills: Iterable[tuple[str, int]]) -> str:
    """Open an account at the biller that owes these bills, bound by the person; return its id with us."""
    number = account_number(account_id)
    found = {bill: Bill(bill, owed, "2026-10", partial=True) for bill, owed in bills}
    world.payments.accounts[BILLER.value, number] = Account(BILLER.value, number, "王**", found)
    tag = f"tag-{number}"
    bill_account_id = account_id_of(account_id, BILLER, tag)
    item: Item = {
        "biller": BILLER.value,
        "account_no": number,
        "account_masked": f"****{number[-4:]}",
        "account_tag": tag,
        "label": "home",
        "holder_masked": "王**",
        "bound_at": world.scheduler.now,
    }
    _write(world, Put(account_key(account_id, bill_account_id), item, when=Absent()))
    return bill_account_id


def make_plan(world: World, account_id: str, bill: tuple[str, int], parts: int) -> str:
    number = account_number(account_id)
    tag = f"tag-{number}"
    each, rest = divmod(bill[1], parts)
    plan = Plan(
        plan_id=derive_id(PLAN, account_id),
        account_id=account_id,
        bill_account_id=account_id_of(account_id, BILLER, tag),
        biller=BILLER,
        account_tag=tag,
        account_masked=f"****{number[-4:]}",
        bill_no=bill[0],
        period="2026-10",
        instalments=tuple(
            Instalment(Fen(each + (rest if place == 0 else 0)), date(2026, 1 + place, 28))
            for place in range(parts)
        ),
        made_by=account_id,
        made_at=Instant(world.scheduler.now),
        digest="",
    )
    _write(world, Put(plan_key(account_id, plan.plan_id), plan_item(plan), when=Absent()))
    return plan.plan_id


def account_number(account_id: str) -> str:
    return f"{sum(account_id.encode()):010d}77"


def _write(world: World, *writes: Write) -> None:
    world.engine.transact(writes, world.nonces.token())
    world.written = True
