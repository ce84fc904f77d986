"""Days, decisions and money at the bank that no other test of the flow plays: each says where it must end."""

from collections.abc import Callable
from datetime import timedelta
from time import monotonic
from typing import Any

from flow import test_funds
from flow.books import recharges
from flow.closing import close_day, differences, open_early, state_of, step, today
from flow.customers import Customer, new_staff
from flow.routes import publish, quota, route
from flow.tills import ALIPAY, UNIONPAY, Till, given_back
from octane.kernel.caller import Role
from octane.kernel.clock import in_beijing
from world.shop import Shop, context

DAY_MS = 86_400_000
Json = dict[str, Any]


def day_before(shop: Shop) -> str:
    return (in_beijing(shop.clock.now()).date() - timedelta(days=1)).isoformat()


def repaired(shop: Shop, source: str, *, day: str = "") -> int:
    """Close a day of one source; return how many differences asking the counterparty has ended."""
    done = close_day(shop, sources=[source], **({"day": day} if day else {}))
    resolution: Json = state_of(done, source)["resolution"]
    assert resolution["opened"] == 0, done
    return int(resolution["repaired"])


def happened(is_so: Callable[[], bool]) -> None:
    """Wait for a company that works in its own time."""
    ends = monotonic() + 5
    while not is_so():
        assert monotonic() < ends


def unheard(shop: Shop, ann: Customer, till: Till) -> str:
    """A payment in part from the balance that the channel took and never told of; return its number."""
    ann.top_up_wallet(8_000)
    till.misbehave(shop, "lose", "payment_notice")
    answer = ann.choose(ann.place(), method=till.method, wallet_fen=3_000)
    number = str(answer.body["payment"]["out_trade_no"])
    till.pay(shop, number)
    return number


def alipay_payment_unheard(shop: Shop, ann: Customer) -> None:
    open_early(shop)
    number = unheard(shop, ann, ALIPAY)
    assert repaired(shop, "ALIPAY") == 1
    assert ann.state(number[:26]) == "RECHARGING"


def unionpay_payment_unheard(shop: Shop, ann: Customer) -> None:
    """UnionPay's day ends at 23:00: in the hour before midnight its trades are tomorrow's."""
    open_early(shop)
    if in_beijing(shop.clock.now()).hour == 23:
        shop.clock.move(seconds=3_600)
    number = unheard(shop, ann, UNIONPAY)
    assert repaired(shop, "UNIONPAY") == 1
    assert ann.state(number[:26]) == "RECHARGING"


def payment_under_a_quota_unheard(shop: Shop, ann: Customer) -> None:
    open_early(shop)
    publish(shop, new_staff(shop, Role.OPERATOR), **quota(shop, "WECHAT", 50_000))
    shop.world.wechat.misbehave("payment_notice", "lose")
    order = ann.place()
    number = str(route(ann, order).body["payment"]["out_trade_no"])
    ann.pay_for(number)
    assert repaired(shop, "WECHAT") == 1
    assert ann.state(order) == "RECHARGING"


def refund_unheard(shop: Shop, ann: Customer) -> None:
    open_early(shop)
    shop.world.issuer.misbehave("submit", "refuse", count=1, code="208703")
    shop.world.wechat.misbehave("refund_notice", "lose")
    order = ann.paid()
    shop.drain()
    happened(lambda: given_back(shop) != [])
    assert repaired(shop, "WECHAT") == 1
    assert ann.order(order).body["refunded_fen"] == 10_000


def recharge_unheard(shop: Shop, ann: Customer) -> None:
    open_early(shop)
    shop.world.issuer.misbehave("recharge_notice", "lose")
    order = ann.paid()
    shop.drain()
    happened(lambda: recharges(shop)[0]["game_state"] == "1")
    assert repaired(shop, "JUHE") == 1
    assert ann.state(order) == "SUCCEEDED"


def a_repair_that_is_tried_again(shop: Shop, ann: Customer) -> None:
    """The step died after it; our side was cut before it."""
    open_early(shop)
    shop.world.wechat.misbehave("payment_notice", "lose")
    ann.pay_for(ann.start_paying(ann.place()))
    (found,) = step(shop, "reconciliation/open_day", {"day": today(shop), "sources": ["WECHAT"]})["sources"]
    for function in ("collect_statement", "cut_ledger"):
        found = step(shop, f"reconciliation/{function}", found)
    step(shop, "reconciliation/match_shard", found["shards"][0])
    merged = step(shop, "reconciliation/merge_source", found)
    first, second = (step(shop, "reconciliation/resolve_differences", merged) for _ in range(2))
    assert (first["resolution"]["repaired"], second["resolution"]["known"]) == (1, 1)


def a_day_after_a_closed_one(shop: Shop, ann: Customer) -> None:
    """It takes in what was in transit, and its books follow the day before's. Of an empty day only the issuer
    says so before ten in the morning."""
    open_early(shop)
    assert close_day(shop, day=day_before(shop), sources=["JUHE"])["closed"]
    ann.topped_up()
    assert close_day(shop, sources=["JUHE"])["closed"]


def four_eyes_on_a_claim(shop: Shop, ann: Customer) -> None:
    """Proposed and refused, proposed and approved, and the money comes after all."""
    open_early(shop)
    bea, carl = (new_staff(shop, Role.FINANCE) for _ in range(2))
    ann.topped_up(20_000)
    shop.world.wechat.post("/bills/plant", kind="dropped_payment")
    close_day(shop, sources=["WECHAT"])
    (task,) = differences(bea)
    place = f"/reconciliation/differences/{task['day']}/WECHAT/{task['difference_id']}"

    def act(person: Customer, what: str, version: int, **more: str) -> Json:
        answer = person.post(f"{place}/{what}", {"version": version, **more})
        assert answer.status == 201, answer
        return dict(answer.body)

    chase = {"action": "CHASE", "reason": "they owe it"}
    proposed = act(bea, "decisions", task["version"], **chase)
    refused = act(carl, "refusals", proposed["version"], reason="ask first")
    proposed = act(bea, "decisions", refused["version"], **chase)
    chased = act(carl, "approvals", proposed["version"])
    assert chased["state"] == "CHASED"


def money_at_the_bank(shop: Shop, ann: Customer) -> None:
    """Settled, withdrawn, refused, held up and expired, the day after a first one."""
    open_early(shop)
    bank, bea, carl = shop.world.bank, new_staff(shop, Role.FINANCE), new_staff(shop, Role.FINANCE)
    for fen in (20_000_000, -9_000_000):  # what went out one day is kept hot for the next
        bank.post("/movements", account="HOT", amount_fen=fen, at=shop.clock.now() - DAY_MS)
    assert close_day(shop, day=day_before(shop), sources=["JUHE"])["failures"] == []
    ann.topped_up()

    def asked(amount: int) -> str:
        return test_funds.made(test_funds.request(bea, amount))

    paid, refused, open_, late = (asked(1_000 * number) for number in range(1, 5))
    for withdrawal in (paid, refused, open_):
        test_funds.approve(carl, withdrawal)
    bank.misbehave("instruct", "refuse", key=refused, code="ACCOUNT_CLOSED")
    bank.misbehave("instruct", "stay", key=open_)
    shop.function("funds/move_funds")({}, context())
    bank.post("/instructions/end", number=paid)
    bank.post("/settlements", party="WECHAT", day=today(shop), amount_fen=9_940)
    done = close_day(shop, sources=["WECHAT"])
    assert done["failures"] == []
    shop.clock.move(seconds=24 * 3_600)
    shop.function("funds/move_funds")({}, context())
    found = {one["withdrawal_id"]: one["state"] for one in bea.get("/withdrawals").body["withdrawals"]}
    assert found == {paid: "PAID", refused: "FAILED", open_: "APPROVED", late: "EXPIRED"}


PLAYS: tuple[Callable[[Shop, Customer], None], ...] = (
    alipay_payment_unheard,
    unionpay_payment_unheard,
    payment_under_a_quota_unheard,
    refund_unheard,
    recharge_unheard,
    a_repair_that_is_tried_again,
    a_day_after_a_closed_one,
    four_eyes_on_a_claim,
    money_at_the_bank,
)
