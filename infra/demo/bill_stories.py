"""The stories of bills: two paid at once with a receipt, and a biller that refuses what it had taken."""

import asyncio
import time

from demo.checks import is_in, must, pay, refunded
from demo.customer import LOOK_SECONDS, STORY_SECONDS, Customer
from demo.stage import Json, StoryError

METER, TAP = "1100223344556", "2100223344"


async def bill_paid(person: Customer) -> str:
    """Two months of electricity in one order; the receipt says what the biller's own books say."""
    account = await bind(person, "ELECTRICITY", METER)
    bills = await owed(person, account)
    if len(bills) < 2:  # noqa: PLR2004
        raise StoryError(f"two months were to be owed, got {bills}")
    for bill in bills:
        must_add_up(bill)
        steps = " + ".join(f"{tier['used']} at {tier['unit_price']}" for tier in bill["tiers"])
        told = f"{bill['period']}: {_yuan(bill['owed_fen'])} CNY for {steps} CNY a {bill['unit']}"
        person.stage.tell(person.name, told)
    parts = {bill["bill_no"]: bill["owed_fen"] for bill in bills}
    total = sum(parts.values())
    order_id = await person.place_bills(account, parts)
    await pay(person, (await person.start_paying(order_id))["out_trade_no"])
    order = await person.until(order_id, "SUCCEEDED", is_in("SUCCEEDED"))
    must(order, captured_fen=total, refunded_fen=0)
    paid = await payments(person, order_id)
    if [payment["state"] for payment in paid] != ["PAID"]:
        raise StoryError(f"the biller was to be paid once, it has {paid}")
    receipt = await person.call("GET", f"/orders/{order_id}/receipt")
    bought = [{"bill_no": number, "amount_fen": fen} for number, fen in parts.items()]
    must(receipt, delivered_by="ELECTRICITY", bills=bought, amount_fen=total, paid_fen=total, refunded_fen=0)
    must(receipt, reference=paid[0]["payment_no"], receipt_no=paid[0]["order_no"])
    person.stage.tell(person.name, f"receipt {receipt['receipt_no']}, the biller's {receipt['reference']}")
    if left := await owed(person, account):
        raise StoryError(f"nothing was to be owed any more, got {left}")
    return order_id


async def bill_refused_late(person: Customer) -> str:
    """The biller takes the payment and revokes it in the end: every fen goes back, and the bill is owed
    again."""
    account = await bind(person, "WATER", TAP)
    bill = (await owed(person, account))[0]
    number, fen = bill["bill_no"], bill["owed_fen"]
    order_id = await person.place_bills(account, {number: fen})
    trade = (await person.start_paying(order_id))["out_trade_no"]
    billers = person.stage.billers
    await billers.do("/rules", operation="pay", effect="stay", count=1, key=f"{order_id}R01")
    await pay(person, trade)
    await _until_taken(person, order_id)
    order = await person.until(order_id, "RECHARGING", is_in("RECHARGING"))
    must(order, captured_fen=fen, refunded_fen=0)
    await billers.do("/payments/end", order_no=f"{order_id}R01", state="REFUSED")
    person.stage.tell(person.name, "the biller revokes what it had taken")
    order = await person.until(order_id, "FAILED and refunded", refunded)
    must(order, state="FAILED", captured_fen=fen, refunded_fen=fen)
    if sum(refund["amount_fen"] for refund in order["refunds"]) != fen:
        raise StoryError(f"{fen} fen were to go back, got {order['refunds']}")
    again = [one for one in await owed(person, account) if one["bill_no"] == number]
    if [(one["owed_fen"], one["in_payment"]) for one in again] != [(fen, False)]:
        raise StoryError(f"the bill was to be owed again, got {again}")
    person.stage.tell(person.name, f"{_yuan(fen)} CNY back to the fen, owed again")
    return order_id


async def bind(person: Customer, biller: str, account_no: str) -> str:
    """Bind an account at a biller; return its id."""
    bound = await person.call("POST", "/bill-accounts", {"biller": biller, "account_no": account_no})
    person.stage.tell(person.name, f"bound {biller.lower()} {bound['account_masked']}")
    return str(bound["bill_account_id"])


async def owed(person: Customer, account: str) -> list[Json]:
    """What the account owes, as the biller says it now."""
    owes = await person.call("GET", f"/bill-accounts/{account}/bills")
    must(owes, stale=False)
    return list(owes["bills"])


async def payments(person: Customer, order_id: str) -> list[Json]:
    """What the billers say that they got for the order."""
    books = await person.stage.billers.look("/books")
    return [one for one in books["payments"] if str(one["order_no"]).startswith(order_id)]


def must_add_up(bill: Json) -> None:
    """The tiers and the late fee are what is owed."""
    tiers = sum(tier["amount_fen"] for tier in bill["tiers"])
    if not bill["tiers"] or tiers + bill["late_fee_fen"] != bill["owed_fen"]:
        raise StoryError(f"the tiers of {bill['bill_no']} come to {tiers} fen: {bill}")


async def _until_taken(person: Customer, order_id: str) -> None:
    ends = time.monotonic() + STORY_SECONDS
    while not any(one["state"] == "RUNNING" for one in await payments(person, order_id)):
        if time.monotonic() > ends:
            raise StoryError("the biller was to take the payment")
        await asyncio.sleep(LOOK_SECONDS)
    person.stage.tell(person.name, "the biller has taken the payment")


def _yuan(fen: int) -> str:
    return f"{fen / 100:,.2f}"
