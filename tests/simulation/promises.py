"""The witness's own rules of what an order holds: coupons, the bills that it pays, and a plan of theirs."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from simulation.laws import ENDS
from simulation.violations import must
from world.memory_engine import Change

Record = Mapping[str, Any]
MOVES = MappingProxyType(
    {
        "": {"AVAILABLE"},
        "AVAILABLE": {"HELD"},
        "HELD": {"AVAILABLE", "REDEEMED"},
        "REDEEMED": {"RETURNED"},
        "RETURNED": {"HELD"},
    }
)
UNPAID, DELIVERING = {"PENDING", "PAYING"}, {"REVIEWING", "RECHARGING"}
SKEW = 8_000
CLAIMS = 2
"""What one account may claim of a campaign."""


@dataclass(slots=True)
class Promises:
    coupons: dict[str, Record] = field(default_factory=dict)
    """By `<account> <coupon id>`."""
    shards: dict[str, Record] = field(default_factory=dict)
    bills: dict[str, Record] = field(default_factory=dict)
    """By key: which order pays a bill."""
    plans: dict[str, Record] = field(default_factory=dict)

    def changed(self, changes: Iterable[Change], orders: Mapping[str, Record], now: int) -> None:
        """One commit's changes of coupons, stock and bills; orders as the same commit left them."""
        for change in changes:
            pk, sk = change.key.pk, change.key.sk
            new: Record = change.new or {}
            old: Record = change.old or {}
            if sk.startswith("COUPON#"):
                self._coupon(f"{pk.removeprefix('USER#')} {sk.removeprefix('COUPON#')}", old, new, now)
            elif sk == "#STOCK":
                must(int(new["left"]) >= 0, "no unit is sold that is not there", f"{pk} {new}")
                self.shards[pk] = new
            elif sk.startswith("HELD#"):
                self._bill(f"{pk} {sk}", old, new, orders)
            elif sk.startswith("PLAN#") and new:
                back = int(new.get("paid", 0)) < int(old.get("paid", 0))
                must(not back, "an instalment that is paid stays so", f"{sk} {old} → {new}")
                self.plans[sk.removeprefix("PLAN#")] = new

    def _coupon(self, name: str, old: Record, new: Record, now: int) -> None:
        state, before = str(new.get("state", "")), str(old.get("state", ""))
        must(
            state == before or state in MOVES[before],
            "a coupon's moves are legal",
            f"{name} {before} → {state}",
        )
        if state == "HELD" and before != "HELD":
            ends = max(int(new["valid_until"]), int(new.get("usable_until", 0)))
            in_time = int(new["valid_from"]) - SKEW <= now < ends + SKEW
            must(in_time, "no coupon is held after its time", f"{name} {new}")
        if before in ("HELD", "REDEEMED") and state in ("HELD", "REDEEMED"):
            same = new.get("order_id") == old.get("order_id")
            must(same, "a coupon is one order's at a time", f"{name} {old} → {new}")
        self.coupons[name] = new

    def _bill(self, pk: str, old: Record, new: Record, orders: Mapping[str, Record]) -> None:
        holder, before = str(new.get("order_id", "")), str(old.get("order_id", ""))
        if holder and before and holder != before:
            over = orders[before]["state"] in ENDS
            must(over, "a bill is in one payment at a time", f"{pk} {before} → {holder}")
        self.bills[pk] = new

    def order(self, order_id: str, name: str, order: Record) -> None:
        """An order as a commit left it, with all that this commit changed of what it holds."""
        state = str(order["state"])
        for coupon_id in str(order.get("coupons", "")).split():
            coupon = self.coupons[f"{order['user_id']} {coupon_id}"]
            mine = coupon.get("order_id") == order_id
            if state in UNPAID:
                must(
                    mine and coupon["state"] == "HELD", "an open order holds its coupons", f"{name} {coupon}"
                )
            elif state in DELIVERING or state == "SUCCEEDED":
                used = mine and coupon["state"] == "REDEEMED"
                must(used, "a paid order has redeemed its coupons", f"{name} {state} {coupon}")
            else:
                must(not mine, "an order that failed holds no coupon", f"{name} {state} {coupon}")
        holds = [pk for pk, item in self.bills.items() if item.get("order_id") == order_id]
        if order.get("kind") == "BILL":
            wanted = 0 if state in ENDS else len(str(order["bills"]).split())
            must(len(holds) == wanted, "an order holds its bills while it is open", f"{name} {state} {holds}")

    def sold_out(self, campaign: str) -> None:
        """Somebody was just told so: what is left never grows."""
        left = sum(int(item["left"]) for item in self._shards(campaign))
        must(not left, "nobody is refused while a unit is left", f"{campaign} {left}")

    def _shards(self, campaign: str) -> list[Record]:
        return [item for pk, item in self.shards.items() if pk.startswith(f"CAMPAIGN#{campaign}#")]

    def rest(self, stock: Mapping[str, int], orders: Mapping[str, Record]) -> None:
        """`stock`: how many units each campaign began with."""
        for plan_id, plan in self.plans.items():
            paid = sum(
                int(order["amount"])
                for order in orders.values()
                if order.get("plan_id") == plan_id and order["state"] == "SUCCEEDED"
            )
            counted = sum(plan["amounts"][: int(plan["paid"])])
            must("order_id" not in plan, "no plan waits for an order that has ended", f"{plan_id} {plan}")
            must(paid == counted, "a plan counts what was paid of it", f"{plan_id} {paid} {plan}")
        per_account = Counter(
            (name.partition(" ")[0], str(coupon["campaign_id"])) for name, coupon in self.coupons.items()
        )
        for (account, campaign), number in per_account.items():
            must(
                campaign not in stock or number <= CLAIMS,
                "an account claims no more than it may",
                f"{account} {number}",
            )
        claimed = Counter(str(coupon["campaign_id"]) for coupon in self.coupons.values())
        for campaign, units in stock.items():
            of_it = self._shards(campaign)
            left, sold = (sum(int(item[part]) for item in of_it) for part in ("left", "claimed"))
            told = f"{campaign}: {units} units, {left} left, {sold} counted, {claimed[campaign]} coupons"
            must(left + sold == units and sold == claimed[campaign], "every unit is left or claimed", told)
